; Finds the primes below 32768 by the sieve of Eratosthenes, a byte for each number.

#include "head.asm"

FLAGS   equ     8000h           ; up to the end of memory

main    ld      hl,FLAGS
        ld      de,FLAGS+1
        ld      bc,7fffh
        ld      (hl),1
        ldir
        ld      hl,0
        ld      (FLAGS),hl      ; neither 0 nor 1 is one
        ld      de,2
next    ld      hl,FLAGS
        add     hl,de
        ld      a,(hl)
        or      a
        call    nz,strike
        inc     de
        ld      a,e
        cp      182             ; whose square is past the end
        jr      nz,next

        ld      hl,FLAGS
        ld      de,0            ; how many
count   ld      a,(hl)
        or      a
        jr      z,composite
        inc     de
        ld      (last),hl
composite
        inc     hl
        ld      a,h
        or      l
        jr      nz,count
        ex      de,hl
        call    decimal
        ld      hl,below
        call    print
        ld      hl,(last)
        res     7,h
        call    decimal
        ld      hl,checked
        call    print
        ld      hl,FLAGS
        ld      bc,8000h
        call    crc
        ex      de,hl
        call    hex
        ld      a,10
        jp      putc

; Strikes out the multiples of de, from its square on.
strike  ld      hl,FLAGS
        ld      b,e
square  add     hl,de
        djnz    square
        xor     a
multiple
        ld      (hl),a
        add     hl,de
        jr      nc,multiple
        ret

last    defw    0
below   defb    " primes below 32768, the last is ",0
checked defb    ",",10,"the CRC of the flags is ",0

#include "console.asm"
#include "crc.asm"
