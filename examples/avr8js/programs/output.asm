; Sending over the serial port. Only r17 and r24 change.

space:  ldi     r24, 32
        rjmp    putc
newline:
        ldi     r24, 10
; The byte in r24.
putc:   lds     r17, 0xc0       ; UCSR0A
        sbrs    r17, 5          ; is there room for one?
        rjmp    putc
        sts     0xc6, r24       ; UDR0
        ret

; r25:r24 as four hexadecimal digits.
hex:    push    r24
        mov     r24, r25
        rcall   hexbyte
        pop     r24
hexbyte:
        push    r24
        swap    r24
        rcall   digit
        pop     r24
digit:  andi    r24, 15
        subi    r24, 0xd0       ; adds 48, for 0
        cpi     r24, 58
        brcs    putc
        subi    r24, 0xd9       ; adds 39, for a
        rjmp    putc
