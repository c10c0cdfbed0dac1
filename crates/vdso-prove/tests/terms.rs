// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The rules that simplify terms, against arithmetic on numbers.

use proptest::prelude::*;
use vdso_prove::term::{Assignment, Symbol, Terms, Value};

/// Bits of every value of a sequence.
const WIDTH: u32 = 32;

/// One operation on earlier values of a sequence, which are named by their positions.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Add(usize, usize),
    Subtract(usize, usize),
    Multiply(usize, u32),
    And(usize, usize),
    Or(usize, usize),
    Xor(usize, usize),
    Not(usize),
    RotateLeft(usize, u32),
    ShiftRight(usize, u32),
    /// The low part of one value below the high part of another one.
    Join(usize, usize, u32),
    Constant(u32),
}

fn operation() -> impl Strategy<Value = Operation> {
    let at = || 0..64_usize;
    // Masks and small numbers reach the rules about constants.
    let constant = prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(0xff00), Just(0x8000_0000), any::<u32>()];
    prop_oneof![
        (at(), at()).prop_map(|(left, right)| Operation::Add(left, right)),
        (at(), at()).prop_map(|(left, right)| Operation::Subtract(left, right)),
        (at(), constant.clone()).prop_map(|(value, factor)| Operation::Multiply(value, factor)),
        (at(), at()).prop_map(|(left, right)| Operation::And(left, right)),
        (at(), at()).prop_map(|(left, right)| Operation::Or(left, right)),
        (at(), at()).prop_map(|(left, right)| Operation::Xor(left, right)),
        at().prop_map(Operation::Not),
        (at(), 1..WIDTH).prop_map(|(value, by)| Operation::RotateLeft(value, by)),
        (at(), 1..WIDTH).prop_map(|(value, by)| Operation::ShiftRight(value, by)),
        (at(), at(), 1..WIDTH).prop_map(|(low, high, width)| Operation::Join(low, high, width)),
        constant.prop_map(Operation::Constant),
    ]
}

/// A value as a term, and as the number that it must be.
type Pair = (Value, u32);

fn apply(terms: &mut Terms, values: &[Pair], operation: Operation) -> Pair {
    let of = |at: usize| values[at % values.len()].clone();
    match operation {
        Operation::Add(left, right) => {
            let ((left, a), (right, b)) = (of(left), of(right));
            (terms.add(&left, &right), a.wrapping_add(b))
        }
        Operation::Subtract(left, right) => {
            let ((left, a), (right, b)) = (of(left), of(right));
            (terms.subtract(&left, &right), a.wrapping_sub(b))
        }
        Operation::Multiply(value, factor) => {
            let (value, a) = of(value);
            (terms.multiply(&value, u64::from(factor)), a.wrapping_mul(factor))
        }
        Operation::And(left, right) => {
            let ((left, a), (right, b)) = (of(left), of(right));
            (terms.and(&left, &right), a & b)
        }
        Operation::Or(left, right) => {
            let ((left, a), (right, b)) = (of(left), of(right));
            (terms.or(&left, &right), a | b)
        }
        Operation::Xor(left, right) => {
            let ((left, a), (right, b)) = (of(left), of(right));
            (terms.xor(&left, &right), a ^ b)
        }
        Operation::Not(value) => {
            let (value, a) = of(value);
            (terms.not(&value), !a)
        }
        Operation::RotateLeft(value, by) => {
            let (value, a) = of(value);
            let rest = WIDTH - by;
            (Value::concat([&value.extract(rest, by), &value.extract(0, rest)]), a.rotate_left(by))
        }
        Operation::ShiftRight(value, by) => {
            let (value, a) = of(value);
            (value.extract(by, WIDTH - by).resized(WIDTH), a >> by)
        }
        Operation::Join(low, high, width) => {
            let ((low, a), (high, b)) = (of(low), of(high));
            let joined = Value::concat([&low.extract(0, width), &high.extract(width, WIDTH - width)]);
            let mask = (1_u32 << width) - 1;
            (joined, a & mask | b & !mask)
        }
        Operation::Constant(bits) => (Value::constant(u64::from(bits), WIDTH), bits),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn terms_of_random_operations_are_the_numbers_that_they_stand_for(
        numbers in prop::array::uniform3(any::<u32>()),
        operations in prop::collection::vec(operation(), 1..40),
    ) {
        let mut terms = Terms::new();
        let mut assignment = Assignment::new();
        let mut values: Vec<Pair> = Vec::new();
        for (index, number) in numbers.into_iter().enumerate() {
            let symbol = terms.symbol(Symbol::Indexed("input", index as u32), WIDTH, false);
            assignment.set(&symbol, u64::from(number));
            values.push((symbol, number));
        }
        for operation in operations {
            let pair = apply(&mut terms, &values, operation);
            prop_assert_eq!(pair.0.width(), WIDTH);
            prop_assert_eq!(terms.number(&pair.0, &mut assignment), Some(u64::from(pair.1)), "{:?}", operation);
            values.push(pair);
        }
        for (left, right) in values.iter().zip(values.iter().skip(1)) {
            let (zero, less) = (terms.is_zero(&left.0), terms.less(&left.0, &right.0));
            prop_assert_eq!(terms.number(&zero, &mut assignment), Some(u64::from(left.1 == 0)));
            prop_assert_eq!(terms.number(&less, &mut assignment), Some(u64::from(left.1 < right.1)));
        }
    }

    /// Values are equal as terms only if they are equal as numbers, also for other numbers of the symbols.
    #[test]
    fn equal_terms_are_equal_for_other_numbers(
        operations in prop::collection::vec(operation(), 1..40),
        others in prop::array::uniform3(any::<u32>()),
    ) {
        let mut terms = Terms::new();
        let mut assignment = Assignment::new();
        let mut values: Vec<Pair> = Vec::new();
        for (index, number) in others.into_iter().enumerate() {
            let symbol = terms.symbol(Symbol::Indexed("input", index as u32), WIDTH, false);
            assignment.set(&symbol, u64::from(number));
            values.push((symbol, number));
        }
        for operation in operations {
            let pair = apply(&mut terms, &values, operation);
            values.push(pair);
        }
        for (at, left) in values.iter().enumerate() {
            for right in &values[..at] {
                prop_assert!(left.0 != right.0 || left.1 == right.1, "{} = {}", left.1, right.1);
            }
        }
    }
}
