//! What holds of patients over days and weeks, of every rule and of some: one program, so that the tests share
//! their set-up and the cores.

mod ahead;
mod at_the_limit;
mod consortium_time;
mod copies;
mod crises;
mod data_missing;
mod edge;
mod every_rule;
mod held_back;
mod histories;
mod home;
mod noise;
mod other_numbers;
mod rule_sets;
mod severe_high;
mod weeks;
