mod archives;
mod export;
mod releases;
mod server;
mod service;
mod sources;
