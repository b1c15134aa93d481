//! The one integration-test binary. Tests drive the program as a user would; what needs other programs (judges) is ignored
//! unless asked for, and `./test` asks.

#![allow(clippy::disallowed_methods)] // tests read the environment and measure time

mod agreements;
mod alarms;
mod answer;
mod answer_pages;
mod archive;
mod attacks;
mod authors;
mod breach;
mod catalog;
mod commit;
mod docs;
mod document;
mod edition;
mod elements;
mod elsewhere;
mod gate;
mod genuine;
mod goldens;
mod harness;
mod hostile;
mod house;
mod import;
mod inputs;
mod insider;
mod join;
mod judgement;
mod layers;
mod machine;
mod network;
mod outputs;
mod past;
mod peers;
mod phi;
mod pictures;
mod plan;
mod quarter;
mod recipes;
mod records;
mod register;
mod response;
mod review;
mod rules;
mod sample;
mod scope;
mod seal;
mod secrets;
mod silent;
mod spine;
mod usage;
mod wording;
mod words;
mod workbook;
mod wrong;
