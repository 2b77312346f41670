; Sorts 8192 words with gaps that shrink (Shell's sort), and takes their CRC.

#include "head.asm"

NUMBERS equ     8000h
END     equ     0c000h

main    call    fill
        call    sort
        ld      hl,counted
        call    print
        ld      hl,(NUMBERS)
        call    hex
        ld      hl,to
        call    print
        ld      hl,(END-2)
        call    hex
        ld      hl,checked
        call    print
        ld      hl,NUMBERS
        ld      bc,END-NUMBERS
        call    crc
        ex      de,hl
        call    hex
        ld      a,10
        jp      putc

counted defb    "8192 numbers from ",0
to      defb    " to ",0
checked defb    ", their CRC is ",0

; Each number is five times the one before, and 3619h.
fill    ld      ix,NUMBERS
        ld      hl,1
more    ld      d,h
        ld      e,l
        add     hl,hl
        add     hl,hl
        add     hl,de
        ld      de,3619h
        add     hl,de
        ld      (ix+0),l
        ld      (ix+1),h
        inc     ix
        inc     ix
        ld      a,ixh
        cp      END/256
        jr      nz,more
        ret

sort    ld      ix,gaps
gap     ld      c,(ix+0)
        ld      b,(ix+1)        ; bc: the gap, in bytes
        ld      a,b
        or      c
        ret     z
        inc     ix
        inc     ix
        ld      hl,NUMBERS
        add     hl,bc
outer   ld      (outers),hl
        ld      e,(hl)
        inc     hl
        ld      d,(hl)          ; de: the number that looks for its place
        dec     hl
inner   push    hl              ; the place
        or      a
        sbc     hl,bc           ; the place a gap below
        bit     7,h
        jr      z,place         ; there is none
        ld      a,e
        sub     (hl)
        inc     hl
        ld      a,d
        sbc     a,(hl)
        jr      nc,place        ; what is there is not greater
        ld      a,(hl)          ; it moves up: the high byte
        dec     hl
        ex      (sp),hl
        inc     hl
        ld      (hl),a
        dec     hl
        ex      (sp),hl
        ld      a,(hl)          ; and the low one
        ex      (sp),hl
        ld      (hl),a
        pop     hl
        jr      inner
place   pop     hl
        ld      (hl),e
        inc     hl
        ld      (hl),d
        ld      hl,(outers)
        inc     hl
        inc     hl
        ld      a,h
        cp      END/256
        jr      nz,outer
        jr      gap

gaps    defw    2*3280, 2*1093, 2*364, 2*121, 2*40, 2*13, 2*4, 2*1, 0
outers  defw    0

#include "console.asm"
#include "crc.asm"
