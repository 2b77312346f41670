; Each kind of access to each kind of memory: ROM, keyboard, screen, RAM, ports, interrupts.

#include "head.asm"

ROM_SIZE equ    3800h
KEYS    equ     3800h           ; the keyboard: each address bit from 0 to 7 selects a row
VECTORS equ     7000h           ; of interrupts in mode 2
CLOCKS  equ     0e0h            ; port: which interrupts are let through
ACKNOWLEDGE equ 0ech            ; port: reading it ends the clock's

main    call    rom
        call    screen
        call    ram
        call    clock
        jp      keyboard

; The ROM's checksum, and that a store leaves it as it is.
rom     ld      hl,romtext
        call    print
        ld      hl,0
        ld      a,(hl)
        cpl
        ld      (hl),a
        cpl
        cp      (hl)
        ld      a,'!'
        call    nz,putc
        ld      bc,ROM_SIZE
        call    crc
        ex      de,hl
        call    hex
        ld      a,10
        jp      putc
romtext defb    "ROM ",0

; All 256 characters, read back; and bytes that a push leaves there.
screen  ld      hl,screentext
        call    print
        ld      hl,SCREEN+512
        xor     a
all     ld      (hl),a
        inc     hl
        inc     a
        jr      nz,all
        ld      (stack),sp
        ld      sp,SCREEN+640
        ld      bc,4142h
        push    bc
        ld      sp,(stack)
        ld      hl,SCREEN+512
        ld      bc,256
        call    crc
        ex      de,hl
        call    hex
        ld      hl,SCREEN+512
        ld      de,SCREEN+513
        ld      bc,255
        ld      (hl),' '
        ldir
        ld      a,10
        jp      putc
screentext
        defb    "screen ",0
stack   defw    0

; Words across pages, index registers, blocks up and down, a search, code that changes itself, the end of memory.
ram     ld      hl,ramtext
        call    print
        ld      hl,1234h
        ld      (8fffh),hl
        ld      (0ffffh),hl     ; its upper byte goes to 0, in ROM
        ld      ix,9000h
        ld      iy,9100h
        ld      b,128
fill    ld      (ix+127),b
        ld      a,(ix+127)
        ld      (iy+-127),a
        dec     (iy+-127)
        set     7,(ix+127)
        inc     ix
        inc     iy
        djnz    fill
        ld      hl,9000h
        ld      de,0a001h
        ld      bc,300
        ldir
        dec     hl
        ld      de,0b000h
        ld      bc,300
        lddr
        ld      hl,0a000h
        ld      bc,1000
        ld      a,77h
        cpir
        push    hl
        push    bc
        ld      a,3ch           ; inc a
        ld      (patched),a
        xor     a
patched nop
        ld      (8ffeh),a
        pop     bc
        pop     hl
        add     hl,bc
        ld      (8ffch),hl
        ld      hl,(0ffffh)
        ld      (8ffah),hl
        ld      hl,8ff0h
        ld      bc,2100h
        call    crc
        ex      de,hl
        call    hex
        ld      a,10
        jp      putc
ramtext defb    "RAM ",0

; Three ticks of the clock, by interrupts in mode 2: 257 bytes say where the handler is.
clock   ld      hl,clocktext
        call    print
        ld      hl,VECTORS
        ld      de,VECTORS+1
        ld      bc,256
        ld      (hl),71h
        ldir
        ld      a,0c3h          ; jp
        ld      (7171h),a
        ld      hl,tick
        ld      (7172h),hl
        ld      a,VECTORS/256
        ld      i,a
        im      2
        in      a,(ACKNOWLEDGE)
        ld      a,4
        out     (CLOCKS),a
        xor     a
        ld      (ticks),a
        ld      hl,0
        ei
wait    inc     hl
        ld      a,(ticks)
        cp      3
        jr      nz,wait
        di
        xor     a
        out     (CLOCKS),a
        call    hex
        ld      a,10
        jp      putc
tick    push    af
        in      a,(ACKNOWLEDGE)
        ld      a,(ticks)
        inc     a
        ld      (ticks),a
        pop     af
        ei
        ret
ticks   defb    0
clocktext
        defb    "clock ",0

; The keys that the host presses, up to Enter: what each row of the keyboard says, as often as it changes.
keyboard
        ld      hl,keytext
        call    print
        ld      c,0             ; what the row said last
poll    ld      hl,KEYS+40h     ; the row of Enter
        bit     0,(hl)
        jr      nz,entered
        ld      b,4             ; the rows of @ to Z
        ld      hl,KEYS+1
row     ld      a,(hl)
        or      a
        jr      nz,pressed
        sla     l
        djnz    row
        ld      c,0
        jr      poll
pressed cp      c
        jr      z,poll
        ld      c,a
        ld      a,4             ; eight keys a row, from @ on
        sub     b
        add     a,a
        add     a,a
        add     a,a
        add     a,'@'-1
        ld      b,c
keybit  inc     a
        srl     b
        jr      nc,keybit
        call    putc
        jr      poll
entered ld      a,(hl)
        or      a
        jr      nz,entered      ; until it is released
        ld      a,10
        jp      putc
keytext defb    "keys ",0

#include "console.asm"
#include "crc.asm"
