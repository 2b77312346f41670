\ Primes by a sieve, then the Mandelbrot set in fixed-point numbers.

: space 32 emit ;
: cr 10 emit ;

\ Primes

1000 constant limit
limit buffer: composite

: sieve ( -- count )
  limit 0 do 0 composite i + c! loop
  0
  limit 2 do
    composite i + c@ 0 = if
      1 +
      i i * begin dup limit < while 1 over composite + c! i + repeat drop
    then
  loop ;

: primes-from ( number -- )   \ the eight primes from there on
  8 begin dup 0 > while
    over composite + c@ 0 = if over . 1 - then
    swap 1 + swap
  repeat drop drop ;

\ Mandelbrot: numbers with 12 bits of fraction

24 constant depth
variable re   variable im
variable x    variable y

: f* ( a b -- a*b ) * 12 arshift ;
: inside? ( -- flag ) x @ dup f*  y @ dup f* +  16384 < ;
: step
  x @ dup f*  y @ dup f* -  re @ +
  x @ y @ f* dup +  im @ +
  y ! x ! ;

: escape ( -- steps )
  0 x ! 0 y !
  0 begin dup depth < inside? and while step 1 + repeat ;

: shade ( steps -- ) s" ..:::--==++**%%&&$$###@@ " + source@ emit ;

variable checksum
: row ( zoom -- )
  64 0 do
    i 45 - over * re !
    escape dup shade
    checksum @ 31 * + checksum !
  loop drop ;

: mandelbrot ( zoom -- )
  21 0 do
    i 10 - over * 2 * im !
    dup row cr
  loop drop ;

: zoom ( round -- number )   \ what a column is wide: less in each of sixteen rounds
  1 - 15 and 8 * 178 swap - ;

: main ( round -- checksum )
  ." Round " dup . ." finds " sieve dup . ." primes below " limit . cr
  checksum !
  ." From " dup 7 and 1 + 100 * dup . ." on: " primes-from cr
  zoom mandelbrot
  checksum @ ;
