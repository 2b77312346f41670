; Each way to get at data memory: registers by their addresses, I/O registers, SRAM by each pointer, the stack, what lies
; past the end; and program memory.

main:   rcall   pointers
        rcall   registers
        rcall   stack
        rcall   beyond
        rcall   program
        rcall   clock
        rjmp    newline

; X, Y and Z, by increments, decrements and displacements, across 0x1000.
pointers:
        ldi     r26, 0xc0
        ldi     r27, 0x0f
        ldi     r28, 0xc0
        ldi     r29, 0x0f
        ldi     r30, 0x40
        ldi     r31, 0x11
        ldi     r16, 128
each:   st      X+, r16
        ld      r17, Y
        std     Y+63, r17
        ldd     r17, Y+32
        adiw    r28, 1
        st      -Z, r17
        std     Z+5, r16
        ldd     r18, Z+5
        ld      r19, -X
        ld      r20, X+
        ld      r21, -Y
        st      Y+, r19
        ld      r22, Z+
        st      -Z, r18
        dec     r16
        brne    each
        ldi     r30, 0xc0
        ldi     r31, 0x0f
        ldi     r26, 0x00
        ldi     r27, 0x02
        rcall   crc
        rcall   hex
        rjmp    space

; A register by its address in data memory, and an I/O register by both of its.
registers:
        ldi     r26, 16
        clr     r27
        ldi     r16, 0x5a
        ld      r24, X          ; r16
        ldi     r17, 0xa5
        ldi     r26, 25
        st      X, r17          ; r25
        rcall   hex
        rcall   space
        ldi     r16, 0x36
        sts     0x3e, r16       ; GPIOR0
        sbi     0x1e, 0
        cbi     0x1e, 2
        in      r24, 0x1e
        lds     r25, 0x3e
        rcall   hex
        rjmp    space

; What calls and pushes leave on the stack, read by pointer.
stack:  ldi     r16, 0x11
        ldi     r17, 0x22
        cli
        push    r16
        push    r17
        in      r26, 0x3d
        in      r27, 0x3e
        adiw    r26, 1
        ld      r24, X+
        ld      r25, X
        st      X, r24
        pop     r17
        pop     r16
        sei
        mov     r24, r16
        call    hex
        ldi     r30, 0x00       ; star, by its address in words
        ldi     r31, 0x02
        icall
        rjmp    space

; Past the end of SRAM there is nothing.
beyond: ldi     r16, 0x77
        sts     0x4100, r16
        lds     r24, 0x4100
        sts     0xffff, r16
        lds     r25, 0xffff
        rcall   hex
        rjmp    space

; The first bytes of program memory: the jump to the beginning.
program:
        clr     r30
        clr     r31
        lpm     r24, Z+
        lpm     r25, Z
        rcall   hex
        rjmp    space

; How long three ticks of the clock take, in turns of a loop.
clock:  lds     r16, 0x0100
        subi    r16, 0xfd       ; plus three
        clr     r24
        clr     r25
wait:   adiw    r24, 1
        lds     r17, 0x0100
        cp      r17, r16
        brne    wait
        rjmp    hex

        _loc    0x400
star:   ldi     r24, 42
        rjmp    putc
