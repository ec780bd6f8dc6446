//! The functions by their names in preview 1. Pointers come as addresses, results go to memory.

use crate::blocks;
use crate::clock;
use crate::descriptors::{self, PREOPENED, Wish, descriptor};
use crate::errno::{Answer, Errno, answered};
use crate::folders;
use crate::host::{self, Place};
use crate::layout::{
    ARGUMENT_BYTES_AT, ARGUMENT_COUNT_AT, HEADER_BYTES, VARIABLE_BYTES_AT, VARIABLE_COUNT_AT,
};
use crate::paths;
use crate::random;
use crate::records::kind;
use crate::stat;
use crate::state::{State, state};
use crate::streams::{self, At, Pieces};

/// What a parameter is inside: an address becomes one of ours, a number stays.
trait Parameter {
    type Inside;
    fn enter(self) -> Self::Inside;
}

impl Parameter for Place {
    type Inside = u32;
    fn enter(self) -> u32 {
        self.inside()
    }
}

macro_rules! numbers {
    ($($kind:ty)*) => {
        $(impl Parameter for $kind {
            type Inside = $kind;
            fn enter(self) -> $kind {
                self
            }
        })*
    };
}
numbers!(u32 u64 i64);

/// Exports a function: an expression of type `Answer<()>` over the state and the parameters.
macro_rules! entry {
    ($(fn $name:ident($state:ident $(, $parameter:ident: $kind:ty)*) $body:block)*) => {
        $(
            #[unsafe(no_mangle)]
            pub extern "C" fn $name($($parameter: $kind),*) -> u32 {
                #[allow(unused_variables)]
                let $state = state();
                $(let $parameter = Parameter::enter($parameter);)*
                answered((|| -> Answer<()> { $body })())
            }
        )*
    };
}

entry! {
    fn args_sizes_get(state, count: Place, bytes: Place) {
        host::store32(count, state.header_word(ARGUMENT_COUNT_AT));
        host::store32(bytes, state.header_word(ARGUMENT_BYTES_AT));
        Ok(())
    }
    fn args_get(state, pointers: Place, text: Place) {
        let bytes = state.header_word(ARGUMENT_BYTES_AT);
        give_strings(HEADER_BYTES as u64, bytes, pointers, text);
        Ok(())
    }
    fn environ_sizes_get(state, count: Place, bytes: Place) {
        host::store32(count, state.header_word(VARIABLE_COUNT_AT));
        host::store32(bytes, state.header_word(VARIABLE_BYTES_AT));
        Ok(())
    }
    fn environ_get(state, pointers: Place, text: Place) {
        let start = HEADER_BYTES as u64 + u64::from(state.header_word(ARGUMENT_BYTES_AT));
        give_strings(start, state.header_word(VARIABLE_BYTES_AT), pointers, text);
        Ok(())
    }
    fn clock_res_get(state, clock: u32, to: Place) {
        if 3 < clock {
            return Err(Errno::INVAL);
        }
        host::store64(to, clock::QUESTION);
        Ok(())
    }
    fn clock_time_get(state, clock: u32, _precision: u64, to: Place) {
        let time = clock::time(state, clock)?;
        host::store64(to, time);
        Ok(())
    }
    fn poll_oneoff(state, asked: Place, events: Place, count: u32, written: Place) {
        let events = clock::poll(state, asked, events, count)?;
        host::store32(written, events);
        Ok(())
    }
    fn random_get(state, to: Place, length: u32) {
        random::fill(state, to, length);
        Ok(())
    }
    fn sched_yield(state) {
        Ok(())
    }
}

entry! {
    fn fd_close(state, number: u32) { descriptors::close(state, number) }
    fn fd_renumber(state, from: u32, to: u32) { descriptors::renumber(state, from, to) }
    fn fd_advise(state, number: u32, _from: u64, _length: u64, _advice: u32) {
        descriptor(state, number).map(|_| ())
    }
    fn fd_sync(state, number: u32) { descriptor(state, number).map(|_| ()) }
    fn fd_datasync(state, number: u32) { descriptor(state, number).map(|_| ()) }
    fn fd_fdstat_get(state, number: u32, to: Place) { stat::of_flags(state, number, to) }
    fn fd_fdstat_set_flags(state, number: u32, flags: u32) {
        descriptor(state, number)?.flags = flags;
        Ok(())
    }
    fn fd_fdstat_set_rights(state, number: u32, _rights: u64, _inheriting: u64) {
        descriptor(state, number).map(|_| ())
    }
    fn fd_filestat_get(state, number: u32, to: Place) { stat::of_descriptor(state, number, to) }
    fn fd_filestat_set_times(state, number: u32, _accessed: u64, _modified: u64, _flags: u32) {
        descriptor(state, number).map(|_| ())
    }
    fn fd_filestat_set_size(state, number: u32, size: u64) {
        let file = memory_file(state, number)?;
        blocks::resize(state, file, size)
    }
    fn fd_allocate(state, number: u32, from: u64, length: u64) {
        let file = memory_file(state, number)?;
        let end = from.checked_add(length).ok_or(Errno::FBIG)?;
        if blocks::node(state, file).size < end {
            blocks::resize(state, file, end)?;
        }
        Ok(())
    }
    fn fd_read(state, number: u32, pieces: Place, count: u32, read: Place) {
        let bytes = streams::read(state, number, Pieces { at: pieces, count }, At::Position)?;
        host::store32(read, bytes);
        Ok(())
    }
    fn fd_pread(state, number: u32, pieces: Place, count: u32, from: u64, read: Place) {
        let bytes = streams::read(state, number, Pieces { at: pieces, count }, At::Byte(from))?;
        host::store32(read, bytes);
        Ok(())
    }
    fn fd_write(state, number: u32, pieces: Place, count: u32, written: Place) {
        let bytes = streams::write(state, number, Pieces { at: pieces, count }, At::Position)?;
        host::store32(written, bytes);
        Ok(())
    }
    fn fd_pwrite(state, number: u32, pieces: Place, count: u32, from: u64, written: Place) {
        let bytes = streams::write(state, number, Pieces { at: pieces, count }, At::Byte(from))?;
        host::store32(written, bytes);
        Ok(())
    }
    fn fd_seek(state, number: u32, by: i64, whence: u32, to: Place) {
        let position = streams::seek(state, number, by, whence)?;
        host::store64(to, position);
        Ok(())
    }
    fn fd_tell(state, number: u32, to: Place) {
        let position = streams::seek(state, number, 0, 1)?;
        host::store64(to, position);
        Ok(())
    }
    fn fd_readdir(state, number: u32, to: Place, length: u32, cookie: u64, used: Place) {
        let bytes = folders::list(state, number, to, length, cookie)?;
        host::store32(used, bytes);
        Ok(())
    }
    fn fd_prestat_get(state, number: u32, to: Place) {
        preopened(state, number)?;
        host::store32(to, 0);
        host::store32(to.wrapping_add(4), 1);
        Ok(())
    }
    fn fd_prestat_dir_name(state, number: u32, to: Place, length: u32) {
        preopened(state, number)?;
        if length < 1 {
            return Err(Errno::NAMETOOLONG);
        }
        host::store8(to, b'/');
        Ok(())
    }
}

entry! {
    fn path_open(
        state, folder: u32, _follow: u32, path: Place, length: u32, how: u32, rights: u64,
        _inheriting: u64, flags: u32, opened: Place
    ) {
        let path = descriptors::resolve(state, folder, path, length)?;
        let number = descriptors::open(state, &path, &Wish { how, rights, flags })?;
        host::store32(opened, number);
        Ok(())
    }
    fn path_filestat_get(state, folder: u32, _follow: u32, path: Place, length: u32, to: Place) {
        let path = descriptors::resolve(state, folder, path, length)?;
        stat::of_path(state, &path, to)
    }
    fn path_filestat_set_times(
        state, folder: u32, _follow: u32, path: Place, length: u32, _accessed: u64, _modified: u64,
        _flags: u32
    ) {
        let path = descriptors::resolve(state, folder, path, length)?;
        stat::opened(paths::find(state, &path)).map(|_| ()).ok_or(Errno::NOENT)
    }
    fn path_create_directory(state, folder: u32, path: Place, length: u32) {
        let path = descriptors::resolve(state, folder, path, length)?;
        folders::make(state, &path)
    }
    fn path_remove_directory(state, folder: u32, path: Place, length: u32) {
        let path = descriptors::resolve(state, folder, path, length)?;
        folders::remove_folder(state, &path)
    }
    fn path_unlink_file(state, folder: u32, path: Place, length: u32) {
        let path = descriptors::resolve(state, folder, path, length)?;
        folders::remove_file(state, &path)
    }
    fn path_rename(
        state, folder: u32, from: Place, length: u32, other: u32, to: Place, to_length: u32
    ) {
        let from = descriptors::resolve(state, folder, from, length)?;
        let to = descriptors::resolve(state, other, to, to_length)?;
        folders::rename(state, &from, &to)
    }
    fn path_readlink(
        state, folder: u32, path: Place, length: u32, _to: u32, _room: u32, _used: u32
    ) {
        let path = descriptors::resolve(state, folder, path, length)?;
        match stat::opened(paths::find(state, &path)) {
            // There are no links.
            Some(_) => Err(Errno::INVAL),
            None => Err(Errno::NOENT),
        }
    }
}

/// Ends the program with a code.
#[unsafe(no_mangle)]
pub extern "C" fn proc_exit(code: u32) {
    host::exit(code)
}

/// Copies strings that each end with a zero byte, and writes where each begins.
fn give_strings(start: u64, bytes: u32, pointers: u32, text: u32) {
    host::read_input(start, text, bytes);
    let mut pointer = pointers;
    let mut begins = true;
    for index in 0..bytes {
        let at = text.wrapping_add(index);
        if begins {
            host::store32(pointer, Place::of(at).0);
            pointer = pointer.wrapping_add(4);
        }
        begins = host::load8(at) == 0;
    }
}

/// The node of a memory file that is open; nothing else can change its size.
fn memory_file(state: &mut State, number: u32) -> Answer<u32> {
    let found = descriptor(state, number)?;
    match found.kind {
        kind::MEMORY_FILE => Ok(found.index),
        kind::INPUT_FILE => Err(Errno::ROFS),
        _ => Err(Errno::INVAL),
    }
}

/// Only `/` is open from the start; a program asks until the answer is no.
fn preopened(state: &mut State, number: u32) -> Answer<()> {
    match descriptor(state, number)?.kind {
        kind::FOLDER if number == PREOPENED => Ok(()),
        _ => Err(Errno::BADF),
    }
}
