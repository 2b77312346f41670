//! From Forth's text to code: a word at a time, compiled within a definition and run outside of one.

use crate::machine::{Machine, OPERATIONS, Operation};

/// The words that a program can define.
const DICTIONARY_SIZE: usize = 64;

const LITERAL: u32 = Operation::Literal as u32;
const EXIT: u32 = Operation::Exit as u32;

pub struct Compiler<'a> {
    machine: Machine<'a>,
    /// Names and where their code starts; the newest definition of a name is the one in force.
    dictionary: [(&'static str, usize); DICTIONARY_SIZE],
    words: usize,
    /// The end of the code so far, and the end of the buffers.
    here: usize,
    allotted: usize,
    /// The open ends of a definition: `if`, `begin`, `while`, `do`.
    marks: [usize; 16],
    open: usize,
    defining: bool,
}

impl<'a> Compiler<'a> {
    pub fn new(machine: Machine<'a>) -> Self {
        Compiler {
            machine,
            dictionary: [("", 0); DICTIONARY_SIZE],
            words: 0,
            here: 0,
            allotted: 0,
            marks: [0; 16],
            open: 0,
            defining: false,
        }
    }

    /// Runs a word of the program with `argument` on the stack, and takes its result from there.
    pub fn call(&mut self, name: &str, argument: u32) -> u32 {
        let start = self.find(name).expect("a word of the program");
        self.machine.push(argument);
        self.machine.run(start);
        self.machine.pop()
    }

    pub fn compile(&mut self, source: &'static str) {
        let mut text = Text {
            source,
            position: 0,
        };
        while let Some(word) = text.word() {
            match word {
                "\\" => text.skip_past('\n'),
                "(" => text.skip_past(')'),
                ":" => {
                    self.define(text.name());
                    self.defining = true;
                }
                "variable" => {
                    self.buffer(text.name(), 4);
                }
                "buffer:" => {
                    let size = self.machine.pop();
                    self.buffer(text.name(), size as usize);
                }
                "constant" => {
                    let value = self.machine.pop();
                    self.define(text.name());
                    self.emit(&[LITERAL, value, EXIT]);
                }
                ".\"" => {
                    let (start, end) = text.until('"');
                    self.emit(&[Operation::Print as u32, start as u32, end as u32]);
                }
                "s\"" => {
                    let (start, _) = text.until('"');
                    self.emit(&[LITERAL, start as u32]);
                }
                ";" => {
                    self.emit(&[EXIT]);
                    self.defining = false;
                }
                _ if self.structure(word) => {}
                _ => self.word(word),
            }
        }
    }

    /// The words that shape a definition.
    fn structure(&mut self, word: &str) -> bool {
        match word {
            "if" => self.jump_to_come(Operation::JumpIfZero),
            "else" => {
                self.jump_to_come(Operation::Jump);
                self.marks.swap(self.open - 1, self.open - 2);
                self.jump_arrives();
            }
            "then" => self.jump_arrives(),
            "begin" => self.mark(self.here),
            "until" => self.jump_back(Operation::JumpIfZero),
            "while" => {
                self.jump_to_come(Operation::JumpIfZero);
                self.marks.swap(self.open - 1, self.open - 2);
            }
            "repeat" => {
                self.jump_back(Operation::Jump);
                self.jump_arrives();
            }
            "do" => {
                self.emit(&[Operation::LoopStart as u32]);
                self.mark(self.here);
            }
            "loop" => self.jump_back(Operation::LoopEnd),
            _ => return false,
        }
        true
    }

    /// A word of the program, an operation, or a number.
    fn word(&mut self, word: &str) {
        let start = self.here;
        if let Some(target) = self.find(word) {
            match self.machine.code[target..] {
                // A constant or a variable: its number is put in place, because a call would cost three times as much.
                [LITERAL, number, EXIT, ..] => self.emit(&[LITERAL, number]),
                _ => self.emit(&[Operation::Call as u32, target as u32]),
            }
        } else if let Some((_, operation)) = OPERATIONS.iter().find(|(name, _)| *name == word) {
            self.emit(&[*operation as u32]);
        } else if let Ok(number) = word.parse::<i32>() {
            self.emit(&[LITERAL, number as u32]);
        } else {
            panic!("{word}?");
        }
        if !self.defining {
            self.emit(&[EXIT]);
            self.here = start;
            self.machine.run(start);
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.dictionary[..self.words]
            .iter()
            .rev()
            .find(|(word, _)| *word == name)
            .map(|(_, start)| *start)
    }

    fn define(&mut self, name: &'static str) {
        self.dictionary[self.words] = (name, self.here);
        self.words += 1;
    }

    fn buffer(&mut self, name: &'static str, size: usize) {
        self.define(name);
        self.emit(&[LITERAL, self.allotted as u32, EXIT]);
        self.allotted += size;
    }

    fn emit(&mut self, code: &[u32]) {
        self.machine.code[self.here..self.here + code.len()].copy_from_slice(code);
        self.here += code.len();
    }

    fn mark(&mut self, place: usize) {
        self.marks[self.open] = place;
        self.open += 1;
    }

    fn unmark(&mut self) -> usize {
        self.open -= 1;
        self.marks[self.open]
    }

    /// A jump whose target is not known yet: a mark says where to fill it in.
    fn jump_to_come(&mut self, operation: Operation) {
        self.emit(&[operation as u32, 0]);
        self.mark(self.here - 1);
    }

    fn jump_arrives(&mut self) {
        let place = self.unmark();
        self.machine.code[place] = self.here as u32;
    }

    fn jump_back(&mut self, operation: Operation) {
        let target = self.unmark() as u32;
        self.emit(&[operation as u32, target]);
    }
}

/// The source and how far it has been read.
struct Text {
    source: &'static str,
    position: usize,
}

impl Text {
    /// The next word; reading goes on behind the one space after it.
    fn word(&mut self) -> Option<&'static str> {
        let rest = &self.source[self.position..];
        let start = rest.find(|character: char| !character.is_ascii_whitespace())?;
        let rest = &rest[start..];
        let length = rest
            .find(|character: char| character.is_ascii_whitespace())
            .unwrap_or(rest.len());
        self.position = (self.position + start + length + 1).min(self.source.len());
        Some(&rest[..length])
    }

    fn name(&mut self) -> &'static str {
        self.word().expect("a name")
    }

    fn skip_past(&mut self, end: char) {
        self.until(end);
    }

    /// The start and the end of the text up to `end`; reading goes on after it.
    fn until(&mut self, end: char) -> (usize, usize) {
        let start = self.position;
        let length = self.source[start..].find(end).expect("an end of the text");
        self.position = start + length + 1;
        (start, start + length)
    }
}
