//! The machine that Forth is compiled for: two stacks, code in words, buffers in bytes.

use rp2040_firmware::console::Console;
use rp2040_firmware::print;

macro_rules! operations {
    ($($name:literal $operation:ident,)*) => {
        /// The operations of the code; `Literal`, `Jump`, `JumpIfZero`, `Call` and `Print` have operands after them.
        #[derive(Clone, Copy)]
        #[repr(u32)]
        pub enum Operation { $($operation,)* }

        /// Each operation with its name in Forth, in the order of their numbers. Operations for the compiler have none.
        pub static OPERATIONS: &[(&str, Operation)] = &[$(($name, Operation::$operation),)*];
    };
}

operations! {
    "" Literal, "" Jump, "" JumpIfZero, "" Call, "" Print, "" LoopStart, "" LoopEnd,
    "exit" Exit, "dup" Duplicate, "drop" Drop, "swap" Swap, "over" Over, "i" Index, "j" OuterIndex,
    "+" Add, "-" Subtract, "*" Multiply, "/" Divide, "mod" Remainder, "arshift" ShiftRight,
    "and" And, "or" Or, "xor" Xor, "<" Less, ">" Greater, "=" Equal,
    "@" Load, "!" Store, "c@" LoadByte, "c!" StoreByte, "source@" LoadSource,
    "emit" Emit, "." PrintNumber,
}

pub struct Machine<'a> {
    console: &'a mut Console,
    source: &'a str,
    pub code: &'a mut [u32],
    pub buffers: &'a mut [u8],
    data: Stack<'a>,
    returns: Stack<'a>,
}

/// Grows upwards; an overflow or an underflow is a panic.
struct Stack<'a> {
    words: &'a mut [u32],
    depth: usize,
}

impl Stack<'_> {
    fn push(&mut self, value: u32) {
        self.words[self.depth] = value;
        self.depth += 1;
    }

    fn pop(&mut self) -> u32 {
        self.depth -= 1;
        self.words[self.depth]
    }

    /// The word below the top one, and the top one.
    fn pop_two(&mut self) -> (u32, u32) {
        let top = self.pop();
        (self.pop(), top)
    }

    fn binary(&mut self, operation: impl Fn(u32, u32) -> u32) {
        let (left, right) = self.pop_two();
        self.push(operation(left, right));
    }

    /// The word that lies `below` words under the top.
    fn peek(&self, below: usize) -> u32 {
        self.words[self.depth - 1 - below]
    }
}

impl<'a> Machine<'a> {
    pub fn new(
        console: &'a mut Console,
        source: &'a str,
        code: &'a mut [u32],
        data: &'a mut [u32],
        returns: &'a mut [u32],
        buffers: &'a mut [u8],
    ) -> Self {
        let stack = |words| Stack { words, depth: 0 };
        Machine {
            console,
            source,
            code,
            buffers,
            data: stack(data),
            returns: stack(returns),
        }
    }

    pub fn push(&mut self, value: u32) {
        self.data.push(value);
    }

    pub fn pop(&mut self) -> u32 {
        self.data.pop()
    }

    /// Runs from a place in the code until the `Exit` that matches.
    pub fn run(&mut self, start: usize) {
        let floor = self.returns.depth;
        let mut next = start;
        loop {
            let (_, operation) = OPERATIONS[self.code[next] as usize];
            next += 1;
            match operation {
                Operation::Literal => {
                    self.data.push(self.code[next]);
                    next += 1;
                }
                Operation::Jump => next = self.code[next] as usize,
                Operation::JumpIfZero => {
                    next = if self.data.pop() == 0 {
                        self.code[next] as usize
                    } else {
                        next + 1
                    };
                }
                Operation::Call => {
                    self.returns.push(next as u32 + 1);
                    next = self.code[next] as usize;
                }
                Operation::Exit if self.returns.depth == floor => return,
                Operation::Exit => next = self.returns.pop() as usize,
                Operation::Print => {
                    let (start, end) = (self.code[next] as usize, self.code[next + 1] as usize);
                    print!(self.console, "{}", &self.source[start..end]);
                    next += 2;
                }
                Operation::LoopStart => {
                    let start = self.data.pop();
                    let limit = self.data.pop();
                    self.returns.push(limit);
                    self.returns.push(start);
                }
                Operation::LoopEnd => {
                    let index = self.returns.pop().wrapping_add(1);
                    if index == self.returns.peek(0) {
                        self.returns.pop();
                        next += 1;
                    } else {
                        self.returns.push(index);
                        next = self.code[next] as usize;
                    }
                }
                other => self.step(other),
            }
        }
    }

    /// Runs an operation that goes on with the next one.
    #[inline(always)]
    fn step(&mut self, operation: Operation) {
        let stack = &mut self.data;
        match operation {
            Operation::Duplicate => stack.push(stack.peek(0)),
            Operation::Over => stack.push(stack.peek(1)),
            Operation::Drop => {
                stack.pop();
            }
            Operation::Swap => {
                let (below, top) = stack.pop_two();
                stack.push(top);
                stack.push(below);
            }
            Operation::Index => stack.push(self.returns.peek(0)),
            Operation::OuterIndex => stack.push(self.returns.peek(2)),
            Operation::Add => stack.binary(u32::wrapping_add),
            Operation::Subtract => stack.binary(u32::wrapping_sub),
            Operation::Multiply => stack.binary(u32::wrapping_mul),
            Operation::Divide => {
                stack.binary(|left, right| (left as i32).wrapping_div(right as i32) as u32)
            }
            Operation::Remainder => {
                stack.binary(|left, right| (left as i32).wrapping_rem(right as i32) as u32)
            }
            Operation::ShiftRight => {
                stack.binary(|left, right| (left as i32).wrapping_shr(right) as u32)
            }
            Operation::And => stack.binary(|left, right| left & right),
            Operation::Or => stack.binary(|left, right| left | right),
            Operation::Xor => stack.binary(|left, right| left ^ right),
            Operation::Less => stack.binary(|left, right| flag((left as i32) < right as i32)),
            Operation::Greater => stack.binary(|left, right| flag(left as i32 > right as i32)),
            Operation::Equal => stack.binary(|left, right| flag(left == right)),
            Operation::Load => {
                let bytes = self.buffers[stack.pop() as usize..]
                    .first_chunk()
                    .expect("a cell within the buffers");
                stack.push(u32::from_le_bytes(*bytes));
            }
            Operation::Store => {
                let (value, address) = stack.pop_two();
                self.buffers[address as usize..][..4].copy_from_slice(&value.to_le_bytes());
            }
            Operation::LoadByte => {
                let byte = self.buffers[stack.pop() as usize];
                stack.push(u32::from(byte));
            }
            Operation::StoreByte => {
                let (value, address) = stack.pop_two();
                self.buffers[address as usize] = value as u8;
            }
            Operation::LoadSource => {
                let byte = self.source.as_bytes()[stack.pop() as usize];
                stack.push(u32::from(byte));
            }
            Operation::Emit => self.console.send(stack.pop() as u8),
            Operation::PrintNumber => print!(self.console, "{} ", stack.pop() as i32),
            _ => unreachable!("`run` does what changes the place in the code"),
        }
    }
}

/// Forth's truth: all bits, or none.
fn flag(truth: bool) -> u32 {
    if truth { !0 } else { 0 }
}
