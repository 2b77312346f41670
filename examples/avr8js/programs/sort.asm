; Sorts the 4096 words at 0x1000 with gaps that shrink (Shell's sort), and shows the first, the last, and their CRC.

main:   rcall   fill
        ldi     r23, 0x08       ; r23:r22, the gap in bytes: 1093 words,
        ldi     r22, 0x8a
        rcall   pass
        ldi     r23, 0x02       ; 364,
        ldi     r22, 0xd8
        rcall   pass
        ldi     r23, 0          ; 121,
        ldi     r22, 242
        rcall   pass
        ldi     r22, 80         ; 40,
        rcall   pass
        ldi     r22, 26         ; 13,
        rcall   pass
        ldi     r22, 8          ; 4,
        rcall   pass
        ldi     r22, 2          ; and one
        rcall   pass
        lds     r24, 0x1000
        lds     r25, 0x1001
        rcall   hex
        rcall   space
        lds     r24, 0x2ffe
        lds     r25, 0x2fff
        rcall   hex
        rcall   space
        ldi     r30, 0x00
        ldi     r31, 0x10
        ldi     r26, 0x00
        ldi     r27, 0x20
        rcall   crc
        rcall   hex
        rjmp    newline

; Each number is five times the one before, and 0x3619.
fill:   ldi     r26, 0x00
        ldi     r27, 0x10
        ldi     r18, 1
        ldi     r19, 0
more:   movw    r20, r18
        lsl     r18
        rol     r19
        lsl     r18
        rol     r19
        add     r18, r20
        adc     r19, r21
        subi    r18, 0xe7       ; minus 0xc9e7
        sbci    r19, 0xc9
        st      X+, r18
        st      X+, r19
        cpi     r27, 0x30
        brne    more
        ret

pass:   ldi     r26, 0x00
        ldi     r27, 0x10
        add     r26, r22
        adc     r27, r23
outer:  movw    r28, r26        ; Y: the place
        ld      r18, X+         ; the number that looks for its place
        ld      r19, X+
inner:  movw    r30, r28        ; Z: the place a gap below
        sub     r30, r22
        sbc     r31, r23
        cpi     r31, 0x10
        brcs    place           ; there is none
        ld      r20, Z
        ldd     r21, Z+1
        cp      r18, r20
        cpc     r19, r21
        brcc    place           ; what is there is not greater
        st      Y, r20          ; it moves up
        std     Y+1, r21
        movw    r28, r30
        rjmp    inner
place:  st      Y, r18
        std     Y+1, r19
        cpi     r27, 0x30
        brne    outer
        ret
