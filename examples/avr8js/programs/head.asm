; Where every program begins, and its clock: an interrupt counts the overflows of timer 0 in the byte at 0x0100.
; How often the program is to do its work, the host says in GPIOR1 (low) and GPIOR2, before the start.

        jmp     begin
        _loc    0x48            ; the vector of timer 0's overflow
tick:   push    r16
        in      r16, 0x3f       ; SREG, the flags
        push    r16
        lds     r16, 0x0100
        inc     r16
        sts     0x0100, r16
        pop     r16
        out     0x3f, r16
        pop     r16
        reti

begin:  ldi     r16, 0x40       ; the stack begins at the end of SRAM, 0x40ff
        out     0x3e, r16       ; SPH
        ldi     r16, 0xff
        out     0x3d, r16       ; SPL
        ldi     r16, 1          ; timer 0 counts each clock cycle,
        out     0x25, r16       ; TCCR0B
        sts     0x6e, r16       ; TIMSK0: and its overflow interrupts
        ldi     r16, 0x08
        sts     0xc1, r16       ; UCSR0B: the serial port sends
        sei
again:  rcall   main
        in      r24, 0x2a       ; GPIOR1
        in      r25, 0x2b       ; GPIOR2
        sbiw    r24, 1
        out     0x2a, r24
        out     0x2b, r25
        brne    again
        ldi     r24, 100        ; d
        rcall   putc
        ldi     r24, 111        ; o
        rcall   putc
        ldi     r24, 110        ; n
        rcall   putc
        ldi     r24, 101        ; e
        rcall   putc
        rcall   newline
        cli
end:    rjmp    end             ; with interrupts off: for good
