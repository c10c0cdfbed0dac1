// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Operands: registers, constants and memory.

use super::Step;
use crate::fault::{Claim, Fault};
use crate::machine::VECTOR_WIDTH;
use crate::memory::{Place, Region};
use crate::term::Value;
use iced_x86::{EncodingKind, OpKind, Register};

/// Alignment that an SSE instruction requires of an operand in memory, in bytes.
const LEGACY_ALIGNMENT: i64 = 16;

impl Step<'_> {
    /// Whether an operand is in memory.
    pub(super) fn is_memory(&self, operand: u32) -> bool {
        self.instruction.op_kind(operand) == OpKind::Memory
    }

    /// Whether the instruction has the encoding of SSE, which keeps the upper bits of a register that it writes.
    pub(super) fn is_legacy(&self) -> bool {
        self.instruction.code().encoding() == EncodingKind::Legacy
    }

    /// The width of a register operand, in bits.
    pub(super) fn register_width(&self, operand: u32) -> u32 {
        self.instruction.op_register(operand).size() as u32 * 8
    }

    /// The low `width` bits of an operand.
    pub(super) fn read(&mut self, operand: u32, width: u32) -> Result<Value, Fault> {
        match self.instruction.op_kind(operand) {
            OpKind::Register => self.read_register(self.instruction.op_register(operand), width),
            OpKind::Memory => self.load(width),
            _ => match self.instruction.try_immediate(operand) {
                Ok(immediate) => Ok(Value::constant(immediate, width)),
                Err(_) => Err(self.unknown()),
            },
        }
    }

    fn read_register(&self, register: Register, width: u32) -> Result<Value, Fault> {
        if register.is_vector_register() {
            return Ok(self.machine.vectors[register.number()].extract(0, width));
        }
        let is_high_byte = matches!(register, Register::AH | Register::BH | Register::CH | Register::DH);
        if !register.is_gpr() || is_high_byte {
            return Err(self.unknown());
        }
        Ok(self.machine.registers[register.full_register().number()].extract(0, width))
    }

    /// Loads the operand in memory. A smaller element that the instruction broadcasts fills the width.
    pub(super) fn load(&mut self, width: u32) -> Result<Value, Fault> {
        let place = self.place()?;
        let element = self.instruction.memory_size().size() as u32 * 8;
        let loaded = if self.instruction.is_broadcast() {
            let element = self.instruction.memory_size().element_size() as u32 * 8;
            let value = self.load_at(place, element)?;
            return Ok(Value::concat(vec![&value; (width / element) as usize]));
        } else {
            self.load_at(place, element.min(width))?
        };
        if loaded.width() == width { Ok(loaded) } else { Err(self.unknown()) }
    }

    pub(super) fn load_at(&mut self, place: Place, width: u32) -> Result<Value, Fault> {
        self.machine.memory.load(self.terms, self.program, self.instruction.ip(), place, width)
    }

    /// Stores to the operand in memory.
    pub(super) fn store(&mut self, value: &Value) -> Result<(), Fault> {
        let place = self.place()?;
        self.machine.memory.store(self.instruction.ip(), place, value);
        Ok(())
    }

    /// Requires an operand of an SSE instruction to lie where the processor takes it.
    pub(super) fn require_alignment(&mut self) -> Result<(), Fault> {
        let place = self.place()?;
        if place.region == Region::Image && place.offset % LEGACY_ALIGNMENT == 0 {
            return Ok(());
        }
        Err(Fault::new(Claim::Memory, format!("`{}` needs an operand aligned to 16 bytes", self.instruction)))
    }

    /// Writes a general register as the processor does: 32 bits clear the upper half, fewer keep the rest.
    pub(super) fn write_register(&mut self, register: Register, value: &Value) -> Result<(), Fault> {
        let width = value.width();
        let old = self.read_register(register, width)?;
        debug_assert_eq!(old.width(), width, "the width was checked by reading");
        let number = register.full_register().number();
        self.machine.registers[number] = if width >= 32 {
            value.resized(64)
        } else {
            Value::concat([value, &self.machine.registers[number].extract(width, 64 - width)])
        };
        if !self.machine.carries_output && self.terms.is_secret(value) {
            return Err(Fault::new(
                Claim::Secrets,
                format!("a secret in a general register: {}", self.terms.text(value)),
            ));
        }
        Ok(())
    }

    /// Writes a vector register: what lies above the value stays after SSE instructions, and becomes zero after others.
    pub(super) fn write_vector(&mut self, operand: u32, value: &Value) {
        let number = self.instruction.op_register(operand).number();
        let (value, keep) = if self.is_legacy() { (value.resized(128), true) } else { (value.clone(), false) };
        debug_assert!(value.width() <= VECTOR_WIDTH);
        self.machine.write_vector(number, &value, keep);
    }

    /// The address of the operand in memory, without an access.
    pub(super) fn address(&mut self) -> Result<Value, Fault> {
        let instruction = self.instruction;
        if instruction.segment_prefix() != Register::None {
            return Err(self.unknown());
        }
        if instruction.is_ip_rel_memory_operand() {
            return Ok(Value::constant(instruction.ip_rel_memory_address(), 64));
        }
        let mut address = Value::constant(instruction.memory_displacement64(), 64);
        let scale = u64::from(instruction.memory_index_scale());
        for (register, factor) in [(instruction.memory_base(), 1), (instruction.memory_index(), scale)] {
            if register != Register::None {
                let value = self.read_register(register, 64)?;
                let multiple = self.terms.multiply(&value, factor);
                address = self.terms.add(&address, &multiple);
            }
        }
        Ok(address)
    }

    /// The place of the operand in memory, without an access.
    pub(super) fn place(&mut self) -> Result<Place, Fault> {
        let address = self.address()?;
        self.place_at(&address)
    }

    /// The place at an address.
    pub(super) fn place_at(&mut self, address: &Value) -> Result<Place, Fault> {
        if self.terms.is_secret(address) {
            return Err(Fault::new(
                Claim::Secrets,
                format!("address depends on a secret: {}", self.terms.text(address)),
            ));
        }
        let place = self.machine.place(self.terms, address).map(|place| match place.region {
            Region::Image if self.program.byte(place.offset as u64).is_none() => {
                Place { region: Region::Shared, ..place }
            }
            _ => place,
        });
        place.ok_or_else(|| {
            Fault::new(
                Claim::Memory,
                format!("address is not a constant distance from an argument: {}", self.terms.text(address)),
            )
        })
    }
}
