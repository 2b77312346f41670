; The CRC-16 (polynomial 1021h, from ffffh) of the bc bytes at hl: in de.

crc     ld      de,0ffffh
crcbyte ld      a,(hl)
        inc     hl
        xor     d
        ld      d,a
        push    bc
        ld      b,8
crcbit  sla     e
        rl      d
        jr      nc,crcnext
        ld      a,d
        xor     10h
        ld      d,a
        ld      a,e
        xor     21h
        ld      e,a
crcnext djnz    crcbit
        pop     bc
        dec     bc
        ld      a,b
        or      c
        jr      nz,crcbyte
        ret
