//! The program: reads the command line and does what it says.
//! Owns: exit codes and what is printed for people. Never: serves or decides by itself.

use clap::Parser;
use loomwork::{
    bench,
    cli::{Cli, Command},
    config, data, demo, logging, robot, seed, server, tokens, users, watch,
};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The data that were to be filled are in use.
const IN_USE: u8 = 2;

fn main() -> ExitCode {
    let command = Cli::parse().into_command();
    let done = match command {
        Command::Serve(arguments) if arguments.restart => server::serve_again_and_again(),
        Command::Serve(arguments) => arguments.config().map_err(Into::into).and_then(|config| {
            let extra = server::Extra {
                new_keys: arguments.new_keys,
                ..server::Extra::default()
            };
            server::end_with_supervisor()?;
            server::serve(config, extra)
        }),
        Command::Verify(arguments) => data::verify(&arguments),
        Command::Backup(arguments) => data::backup(&arguments),
        Command::Restore(arguments) => data::restore(&arguments),
        Command::Token(arguments) => tokens::run(&arguments.action),
        Command::User(arguments) => users::run(&arguments.action),
        Command::Seed(arguments) => seed::run(&arguments),
        Command::Demo(arguments) => demo::serve(&arguments),
        Command::Robot(arguments) => {
            logging::start(&config::Log::default());
            robot::run(&arguments).map_err(Into::into)
        }
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments).map_err(Into::into),
        Command::BenchClient => bench::client().map_err(Into::into),
        Command::BenchWatchers => bench::watchers().map_err(Into::into),
        Command::BenchEcho => bench::echo().map_err(Into::into),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("loomwork: {error}");
            if let Some(error) = error.downcast_ref::<robot::Error>() {
                return error.exit_code();
            }
            if error.is::<seed::InUse>() {
                return ExitCode::from(IN_USE);
            }
            ExitCode::FAILURE
        }
    }
}
