; The CRC-16 (polynomial 0x1021, from 0xffff) of the r27:r26 bytes at Z: in r25:r24.

crc:    ldi     r24, 0xff
        ldi     r25, 0xff
crcbyte:
        ld      r18, Z+
        eor     r25, r18
        ldi     r19, 8
crcbit: lsl     r24
        rol     r25
        brcc    crcnext
        ldi     r20, 0x21
        eor     r24, r20
        ldi     r20, 0x10
        eor     r25, r20
crcnext:
        dec     r19
        brne    crcbit
        sbiw    r26, 1
        brne    crcbyte
        ret
