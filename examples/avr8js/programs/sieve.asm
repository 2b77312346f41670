; Finds the primes below 12288 by the sieve of Eratosthenes, a byte for each number at 0x1000. Shows how many, the
; last, and the CRC of the bytes.

main:   ldi     r26, 0x00
        ldi     r27, 0x10
        ldi     r16, 1
set:    st      X+, r16
        cpi     r27, 0x40
        brne    set
        clr     r16
        sts     0x1000, r16     ; neither 0 nor 1 is one
        sts     0x1001, r16
        ldi     r18, 2
        clr     r19
next:   mov     r26, r18
        ldi     r27, 0x10
        ld      r17, X
        tst     r17
        breq    struck
        rcall   strike
struck: inc     r18
        cpi     r18, 111        ; whose square is past the end
        brne    next

        ldi     r26, 0x00
        ldi     r27, 0x10
        clr     r24             ; how many
        clr     r25
count:  ld      r17, X+
        tst     r17
        breq    composite
        adiw    r24, 1
        movw    r22, r26        ; one behind the last
composite:
        cpi     r27, 0x40
        brne    count
        rcall   hex
        rcall   space
        movw    r24, r22
        sbiw    r24, 1
        subi    r25, 0x10
        rcall   hex
        rcall   space
        ldi     r30, 0x00
        ldi     r31, 0x10
        ldi     r26, 0x00
        ldi     r27, 0x30
        rcall   crc
        rcall   hex
        rjmp    newline

; Strikes out the multiples of r18, from its square on; r19 is 0.
strike: mul     r18, r18
        movw    r26, r0
        subi    r27, 0xf0       ; plus 0x1000
multiple:
        st      X, r19
        add     r26, r18
        adc     r27, r19
        cpi     r27, 0x40
        brcs    multiple
        ret
