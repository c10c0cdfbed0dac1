// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One instruction between code that loads all registers before it and stores them after it.

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use std::ptr::null_mut;

/// Bytes of the mapping: code, then data.
const MAPPING: usize = 0x1_0000;

/// Where the data begins.
const DATA: usize = 0x8000;

/// Where, in the data, the operand of the instruction lies.
const OPERAND: usize = 0x1000;

/// Bytes of the operand's surroundings that are compared.
pub const OPERAND_LEN: usize = 128;

/// Number of the register that holds the stack pointer, which stays as it is.
pub const RSP: usize = 4;

/// All registers, as the stub loads and stores them.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Registers {
    /// Vector registers, 512 bits each; without AVX-512 the upper halves and the upper 16 registers are not used.
    pub vectors: [[u64; 8]; 32],
    /// General registers by their number.
    pub general: [u64; 16],
    /// The flags register.
    pub flags: u64,
    /// 1 if the instruction jumped.
    pub jumped: u64,
    stack: u64,
}

impl Registers {
    /// All zero.
    pub fn zero() -> Self {
        Self { vectors: [[0; 8]; 32], general: [0; 16], flags: 0, jumped: 0, stack: 0 }
    }
}

/// A mapping with code that may be executed, and the data that it works on.
pub struct Stub {
    base: *mut u8,
    wide: bool,
}

/// Offsets of the fields of [`Registers`].
const GENERAL: usize = std::mem::offset_of!(Registers, general);
const FLAGS: usize = std::mem::offset_of!(Registers, flags);
const JUMPED: usize = std::mem::offset_of!(Registers, jumped);
const STACK: usize = std::mem::offset_of!(Registers, stack);

impl Stub {
    /// Maps the memory; `wide` says whether the processor has AVX-512.
    pub fn new(wide: bool) -> Self {
        // SAFETY: a new mapping, at an address of the kernel's choice.
        let base = unsafe {
            mmap_anonymous(null_mut(), MAPPING, ProtFlags::READ | ProtFlags::WRITE | ProtFlags::EXEC, MapFlags::PRIVATE)
        };
        Self { base: base.expect("a mapping for the stub").cast(), wide }
    }

    /// The address of the operand in memory.
    pub fn operand(&self) -> u64 {
        self.base.addr() as u64 + (DATA + OPERAND) as u64
    }

    /// The surroundings of the operand, which begin half of their length before it.
    pub fn memory(&mut self) -> &mut [u8; OPERAND_LEN] {
        // SAFETY: within the mapping, which this value owns; bytes have no alignment.
        unsafe { &mut *self.base.add(DATA + OPERAND - OPERAND_LEN / 2).cast() }
    }

    /// Executes an instruction, given as bytes that are right at [`address`](Self::address).
    pub fn run(&mut self, instruction: &[u8], registers: &mut Registers, is_branch: bool) {
        let mut code = Code { bytes: Vec::new() };
        self.before(&mut code);
        code.bytes.extend_from_slice(instruction);
        // A branch that is taken skips this: `mov qword [jumped], 0`.
        if is_branch {
            code.rip(&[0x48, 0xc7, 0x05], DATA + JUMPED, &0_u32.to_le_bytes());
        }
        self.after(&mut code);
        assert!(code.bytes.len() < DATA);
        // SAFETY: code and registers lie within the mapping; the code keeps the registers that a function must keep, returns,
        // and writes to nothing but the data. The instruction is one of the object's, with its operand in the data.
        unsafe {
            self.base.copy_from_nonoverlapping(code.bytes.as_ptr(), code.bytes.len());
            let data = self.base.add(DATA).cast::<Registers>();
            data.write(*registers);
            let function: extern "sysv64" fn() = std::mem::transmute(self.base);
            function();
            *registers = data.read();
        }
    }

    /// The address at which the instruction is executed.
    pub fn address(&self) -> u64 {
        let mut code = Code { bytes: Vec::new() };
        self.before(&mut code);
        self.base.addr() as u64 + code.bytes.len() as u64
    }

    /// Length of the code that a taken branch skips.
    pub fn skipped() -> u32 {
        11
    }

    fn before(&self, code: &mut Code) {
        // push rbx, rbp, r12 to r15
        code.bytes.extend([0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57]);
        code.general(0x89, RSP, DATA + STACK);
        self.vectors(code, 0x6f);
        // push qword [flags]; popfq
        code.rip(&[0xff, 0x35], DATA + FLAGS, &[]);
        code.bytes.push(0x9d);
        (0..16).filter(|register| *register != RSP).for_each(|register| {
            code.general(0x8b, register, DATA + GENERAL + 8 * register);
        });
    }

    fn after(&self, code: &mut Code) {
        (0..16).for_each(|register| code.general(0x89, register, DATA + GENERAL + 8 * register));
        code.general(0x8b, RSP, DATA + STACK);
        // pushfq; pop qword [flags]
        code.bytes.push(0x9c);
        code.rip(&[0x8f, 0x05], DATA + FLAGS, &[]);
        self.vectors(code, 0x7f);
        // vzeroupper; pop r15 to r12, rbp, rbx; ret
        code.bytes.extend([0xc5, 0xf8, 0x77, 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3]);
    }

    /// Loads (6f) or stores (7f) all vector registers, as wide as they are.
    fn vectors(&self, code: &mut Code, opcode: u8) {
        let count = if self.wide { 32 } else { 16 };
        for register in 0..count as usize {
            let modrm = 5 | (register as u8 & 7) << 3;
            let at = DATA + register * 64;
            if self.wide {
                // EVEX.512.F3.0F.W1 (vmovdqu64); R and R' are the inverted upper bits of the register's number.
                let high = (!register as u8 >> 3 & 1) << 7 | (!register as u8 >> 4 & 1) << 4;
                code.rip(&[0x62, 0x61 | high, 0xfe, 0x48, opcode, modrm], at, &[]);
            } else {
                // VEX.256.F3.0F (vmovdqu).
                code.rip(&[0xc5, if register < 8 { 0xfe } else { 0x7e }, opcode, modrm], at, &[]);
            }
        }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's, and no reference into it is left.
        unsafe { rustix::mm::munmap(self.base.cast(), MAPPING).expect("the mapping is there") };
    }
}

/// Code that is put together.
struct Code {
    bytes: Vec<u8>,
}

impl Code {
    /// An instruction with an operand relative to its end, `rest` bytes after the displacement.
    fn rip(&mut self, start: &[u8], target: usize, rest: &[u8]) {
        self.bytes.extend_from_slice(start);
        let end = self.bytes.len() + 4 + rest.len();
        self.bytes.extend((target as i64 - end as i64).to_le_bytes()[..4].iter());
        self.bytes.extend_from_slice(rest);
    }

    /// `mov` between a general register and memory: 8b loads, 89 stores.
    fn general(&mut self, opcode: u8, register: usize, target: usize) {
        let rex = if register < 8 { 0x48 } else { 0x4c };
        self.rip(&[rex, opcode, 5 | (register as u8 & 7) << 3], target, &[]);
    }
}

/// The code for processors with AVX-512, which this one may not be: it moves each register, 512 bits wide, at its place.
#[test]
fn wide_moves_name_each_register_and_its_place() {
    use iced_x86::{Decoder, DecoderOptions, Mnemonic};
    let stub = Stub::new(true);
    for (opcode, register, memory) in [(0x6f, 0, 1), (0x7f, 1, 0)] {
        let mut code = Code { bytes: Vec::new() };
        stub.vectors(&mut code, opcode);
        let moves: Vec<_> = Decoder::with_ip(64, &code.bytes, 0, DecoderOptions::NONE).into_iter().collect();
        assert_eq!(moves.len(), 32);
        for (number, instruction) in moves.iter().enumerate() {
            assert_eq!(instruction.mnemonic(), Mnemonic::Vmovdqu64);
            assert!(instruction.op_register(register).is_zmm(), "{instruction}");
            assert_eq!(instruction.op_register(register).number(), number);
            assert_eq!(instruction.ip_rel_memory_address(), (DATA + 64 * number) as u64);
            assert_eq!(instruction.op_kind(memory), iced_x86::OpKind::Memory);
        }
    }
}
