//! What a module calls, for two engines whose types are alike and not the same.
//!
//! `host_calls!` stands where an engine's `Data` stands: what it holds is what a call may reach.
//! Law: a call that ends the program leaves the reason with the host.
//! Not here: what a call does (`host`).

/// The linker of the engine whose crate is named, with every call in it; `$message` makes its
/// error.
macro_rules! host_calls {
    ($engine:ident, $message:path) => {
        use crate::paged::form;

        fn linker(engine: &$engine::Engine) -> Result<$engine::Linker<Data>, $engine::Error> {
            let mut linker = $engine::Linker::new(engine);
            linker.func_wrap(
                form::HOST,
                form::INPUT_READ,
                |caller: $engine::Caller<'_, Data>, offset: i64, pointer: i32, length: i32| {
                    input_read(caller, offset, pointer, length).map_err(stopped)
                },
            )?;
            linker.func_wrap(
                form::HOST,
                form::OUTPUT_WRITE,
                |caller: $engine::Caller<'_, Data>, pointer: i32, length: i32| {
                    output_write(caller, pointer, length).map_err(stopped)
                },
            )?;
            linker.func_wrap(form::HOST, form::SLICE, |caller: $engine::Caller<'_, Data>| {
                slice(caller).map_err(stopped)
            })?;
            Ok(linker)
        }

        /// Ends the program; the reason was left with the host.
        fn stopped((): ()) -> $engine::Error {
            $message("ended by the host")
        }

        fn keep(caller: &mut $engine::Caller<'_, Data>, stop: $crate::paged::pace::Stop) {
            caller.data_mut().host.stopped = Some(stop);
        }

        fn input_read(
            mut caller: $engine::Caller<'_, Data>,
            offset: i64,
            pointer: i32,
            length: i32,
        ) -> Result<i32, ()> {
            let (memory, map) = (caller.data().memory.ok_or(())?, caller.data().map);
            let size = memory.data_size(&caller);
            let planned = caller.data().host.plan_read(size, offset, pointer, length);
            let place = planned.map_err(|stop| keep(&mut caller, stop))?;
            if let Some(map) = map {
                let (map, data) = map.data_and_store_mut(&mut caller);
                data.host.touch(map, &place).map_err(|stop| data.host.stopped = Some(stop))?;
            }
            let count = i32::try_from(place.len()).expect("at most 64 KiB");
            let (bytes, data) = memory.data_and_store_mut(&mut caller);
            let place = bytes.get_mut(place).ok_or(())?;
            data.host.read(offset, place).map_err(|stop| data.host.stopped = Some(stop))?;
            Ok(count)
        }

        fn output_write(
            mut caller: $engine::Caller<'_, Data>,
            pointer: i32,
            length: i32,
        ) -> Result<(), ()> {
            let (memory, map) = (caller.data().memory.ok_or(())?, caller.data().map);
            let size = memory.data_size(&caller);
            let planned = caller.data().host.plan_write(size, pointer, length);
            let place = planned.map_err(|stop| keep(&mut caller, stop))?;
            if let Some(map) = map {
                let (map, data) = map.data_and_store_mut(&mut caller);
                data.host.touch(map, &place).map_err(|stop| data.host.stopped = Some(stop))?;
            }
            let (bytes, data) = memory.data_and_store_mut(&mut caller);
            data.host.write(bytes.get(place).ok_or(())?);
            Ok(())
        }

        fn slice(mut caller: $engine::Caller<'_, Data>) -> Result<(), ()> {
            let (memory, left) = (caller.data().memory.ok_or(())?, caller.data().left.ok_or(())?);
            let $engine::Val::I64(now) = left.get(&mut caller) else { return Err(()) };
            let (bytes, data) = memory.data_and_store_mut(&mut caller);
            let next =
                data.host.boundary(now, bytes).map_err(|stop| data.host.stopped = Some(stop))?;
            left.set(&mut caller, $engine::Val::I64(next)).map_err(|_| ())
        }
    };
}

pub(super) use host_calls;
