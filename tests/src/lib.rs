//! Real parts for end-to-end tests and the demo: RTSP cameras, an MQTT broker and subscriber, the agent as a child process, the
//! clips' ground truth. Knows the agent only by its command line, its configuration file, HTTP and MQTT.

pub mod agent;
pub mod broker;
pub mod camera_process;
pub mod centre;
pub mod child;
pub mod clock_text;
pub mod cpu_time;
pub mod device;
pub mod export;
pub mod feed;
pub mod hall;
pub mod http;
pub mod judge;
pub mod line;
pub mod listener;
pub mod loop_clock;
pub mod modbus;
pub mod node;
pub mod player;
pub mod port;
pub mod radar;
pub mod rtsp;
pub mod running;
pub mod script;
pub mod signal;
pub mod site;
pub mod stage;
pub mod subscriber;
pub mod toggler;
pub mod truth;
pub mod tty;
pub mod wait;
