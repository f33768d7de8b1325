//! Tests of the test parts themselves: a camera or broker that is not what it claims would make every other result worthless.

mod broker;
mod camera;
mod truth;
