; Printing to the screen: 16 lines of 64 characters at 3c00h. After the last line comes the first.

SCREEN  equ     3c00h
SCREEN_END equ  4000h
WIDTH   equ     64

cursor  defw    SCREEN

clear   ld      hl,SCREEN
        ld      (cursor),hl
blank   ld      (hl),' '
        inc     hl
        ld      a,h
        cp      SCREEN_END/256
        jr      nz,blank
        ret

; Prints the text at hl, up to a 0.
print   ld      a,(hl)
        inc     hl
        or      a
        ret     z
        call    putc
        jr      print

; Prints the character in a; 10 ends a line. Only a and the flags change.
putc    push    hl
        push    de
        push    bc
        ld      hl,(cursor)
        cp      10
        jr      z,newline
        ld      (hl),a
        inc     hl
        jr      moved
newline ld      a,l
        or      WIDTH-1
        ld      l,a
        inc     hl
moved   ld      a,h
        cp      SCREEN_END/256
        jr      nz,onscreen
        ld      hl,SCREEN
onscreen
        ld      (cursor),hl
        pop     bc
        pop     de
        pop     hl
        ret

; Prints hl as four hexadecimal digits.
hex     ld      a,h
        call    hexbyte
        ld      a,l
hexbyte push    af
        rrca
        rrca
        rrca
        rrca
        call    digit
        pop     af
digit   and     15
        add     a,'0'
        cp      '9'+1
        jr      c,putc
        add     a,'a'-'0'-10
        jr      putc

; Prints hl as a decimal number. Its digits wait on the stack, the last below the first.
decimal ld      bc,0ffffh       ; b: no digit, which says where they end
        push    bc
divide  call    tenth
        ld      c,a
        ld      b,0
        push    bc
        ld      a,h
        or      l
        jr      nz,divide
digits  pop     bc
        inc     b
        ret     z
        ld      a,c
        call    digit
        jr      digits

; hl divided by ten; the remainder in a.
tenth   xor     a
        ld      b,16
shift   add     hl,hl
        rla
        cp      10
        jr      c,fits
        sub     10
        inc     l
fits    djnz    shift
        ret
