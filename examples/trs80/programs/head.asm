; Where every program begins: at 5000h, with a word behind the jump that says how often it is to do its work.

        org     5000h
        jp      begin
rounds  defw    1               ; the host writes it before the start

begin   di
        ld      sp,8000h        ; below the data, above the program
        call    clear
again   call    main
        ld      hl,(rounds)
        dec     hl
        ld      (rounds),hl
        ld      a,h
        or      l
        jr      nz,again
        ld      hl,goodbye
        call    print
        di
        halt                    ; with interrupts off: for good

goodbye defb    "done",10,0
