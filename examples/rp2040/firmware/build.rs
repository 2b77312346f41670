//! Links each program by rp2040.ld.

fn main() {
    println!("cargo::rerun-if-changed=rp2040.ld");
    println!("cargo::rustc-link-arg-bins=-Trp2040.ld");
}
