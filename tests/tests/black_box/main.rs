//! What the platform promises, shown over real processes: Apache Kafka, the ClickHouse engine and
//! the services as they are deployed. The tests speak HTTP, Kafka and SQL only.
//!
//! One Kafka and one ClickHouse serve the whole run; each test has topics, tables and services of its
//! own. `cargo test -p tests --test black_box -- NAME` runs the tests whose names hold NAME.

#![allow(missing_docs, reason = "a program; its promises are the tests' names")]

mod access;
mod acts;
mod back_pressure;
mod backlog;
mod care_plans;
mod changed_readings;
mod crashes;
mod damaged_store;
mod demo;
mod directory;
mod exactly_once;
mod field;
mod kinds;
mod live_alerts;
mod missing_data;
mod not_stored;
mod notifier;
mod other_languages;
mod poison;
mod previews;
mod rebuilding;
mod receipts;
mod rejected;
mod rule_sets;
mod schema_registry;
mod silent_vendor;
mod slow_kinds;
mod strays;
mod time_zones;
mod unfit_kafka;
mod values;
mod versions;
mod way_of_a_reading;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Tests at a time: they wait more than they work.
const AT_A_TIME: usize = 3;

macro_rules! promises {
    ($($module:ident::$name:ident),+ $(,)?) => {
        vec![$(Trial::test(stringify!($name), || {
            $module::$name();
            Ok(())
        })),+]
    };
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_A_TIME);
    let mut promises = promises![
        way_of_a_reading::a_reading_sent_over_http_is_on_the_physicians_screen_and_the_look_is_recorded,
        kinds::every_good_example_of_every_kind_ends_in_the_store_with_its_values,
        access::a_vendor_writes_for_its_own_consortia_only_and_the_attempt_is_recorded,
        access::a_physician_sees_nothing_of_patients_of_others_and_an_operator_no_patient_at_all,
        access::without_a_session_there_is_nothing_to_see,
        access::a_session_that_ends_at_one_dashboard_ends_at_all_within_a_second,
        access::what_a_list_showed_is_reported_by_the_store_once_a_session_and_change,
        live_alerts::an_urgent_alert_is_on_the_live_page_without_clickhouse_and_the_store_catches_up,
        live_alerts::a_sensor_that_says_lo_is_an_urgent_alert_and_the_api_says_below_40,
        changed_readings::a_change_of_readings_is_reported_when_the_api_answers_with_it,
        changed_readings::readings_that_wait_for_the_store_are_said_to_and_shown_when_it_is_back,
        backlog::a_second_reading_in_the_backlog_confirms_although_its_time_has_passed_meanwhile,
        backlog::a_second_reading_behind_an_open_transaction_confirms_after_its_time,
        backlog::time_passes_where_nothing_but_an_aborted_transaction_is_left_to_read,
        acts::an_act_at_one_dashboard_is_seen_at_the_other_within_a_second_without_the_store,
        acts::two_dashboards_that_write_a_patients_first_words_at_once_make_one_key,
        directory::a_list_of_names_is_imported_row_by_row_sealed_and_stands_in_no_topic,
        directory::a_name_is_on_the_screen_of_its_physician_and_in_no_topic_log_metric_or_table,
        directory::an_erased_person_has_no_name_anywhere_and_no_key_is_made_again,
        notifier::an_urgent_alert_goes_along_the_list_until_it_is_acknowledged,
        notifier::a_notifier_killed_while_it_sends_sends_the_same_key_again,
        notifier::a_receiver_that_refuses_or_hangs_is_tried_again_then_the_next_then_it_is_reported,
        notifier::a_storm_is_few_messages_that_tell_of_every_alert,
        notifier::a_second_notifier_takes_over_and_repeats_nothing,
        care_plans::a_plan_that_is_changed_changes_alerts_within_two_seconds_without_a_reading,
        care_plans::the_second_of_two_physicians_is_answered_412_and_only_one_plan_is_in_the_log,
        rule_sets::a_rule_set_that_is_applied_changes_alerts_within_two_seconds_of_its_time,
        rule_sets::a_rule_set_to_come_is_withdrawn_and_one_in_force_is_not,
        previews::a_cohorts_preview_lists_each_value_that_is_labelled_and_is_on_record,
        time_zones::an_alert_its_preview_and_the_summary_tell_the_same_mornings_where_the_consortium_is,
        missing_data::a_patient_from_whom_nothing_comes_is_reported_once_and_late_readings_take_it_back,
        missing_data::a_plan_that_ends_expects_nothing_and_its_alert_is_taken_back,
        silent_vendor::a_silent_vendor_is_one_alarm_and_only_who_is_silent_afterwards_gets_an_alert,
        strays::a_record_on_the_wrong_partition_is_rerouted_and_counted,
        strays::what_is_no_reading_ends_whole_in_readings_rejected_and_in_the_store,
        poison::a_poisoned_partition_stops_neither_its_neighbours_nor_what_follows,
        rejected::of_operators_who_send_a_rejected_record_at_the_same_time_one_does,
        rejected::what_was_rejected_is_seen_repaired_and_sent_again_and_counts_once,
        versions::a_correction_wins_in_whatever_order_it_comes_and_sending_again_changes_nothing,
        versions::a_sensors_file_comes_out_whole_and_sending_it_again_or_shuffled_changes_nothing,
        not_stored::nothing_is_said_to_be_accepted_that_kafka_has_not_and_the_rest_may_be_sent_again,
        crashes::kill_9_of_any_service_under_load_loses_nothing_and_reports_nothing_twice,
        crashes::a_writer_killed_while_the_store_is_away_loses_nothing,
        back_pressure::a_writer_at_its_memory_limit_stops_fetching_and_catches_up_later,
        damaged_store::a_damaged_part_of_the_store_is_found_taken_out_and_filled_again_from_kafka,
        crashes::sigterm_drains_every_service_under_load_within_its_deadline_and_nothing_is_lost,
        exactly_once::a_processor_that_wakes_after_its_session_is_fenced_and_writes_nothing,
        exactly_once::two_to_four_processors_join_leave_and_crash_under_load_and_report_everything_once,
        exactly_once::a_writer_killed_at_any_moment_stores_every_record_once_however_batches_are_cut,
        exactly_once::a_member_that_another_one_has_thrown_out_joins_again,
        field::every_case_from_the_field_is_seen_where_it_must_be_and_after_a_restart_too,
        crashes::a_restarted_processor_remembers_versions_open_alerts_and_what_it_waits_for,
        rebuilding::a_rebuild_waits_for_a_transaction_left_open_and_reports_its_progress,
        rebuilding::a_transaction_that_a_dead_processor_left_open_is_ended_by_the_next_owner,
        slow_kinds::a_processor_that_has_only_the_record_compares_with_a_value_of_three_months_ago,
        schema_registry::with_a_schema_registry_its_framing_is_written_and_both_framings_are_read,
        schema_registry::without_the_schema_registry_an_unknown_schema_pauses_its_partition_only,
        other_languages::a_vendors_python_program_writes_to_kafka_and_its_readings_are_on_the_screen,
        other_languages::in_a_browser_an_alert_arrives_without_a_reload_and_the_patient_is_opened,
        receipts::a_vendor_learns_what_became_of_its_readings_and_takes_one_back_and_others_learn_nothing,
        receipts::what_was_read_with_a_wrong_zone_is_reviewed_withdrawn_and_written_as_it_was_meant,
        receipts::a_patient_in_no_list_is_warned_of_and_seen_by_the_fallback_team,
        schema_registry::a_checkup_pressure_with_one_more_field_is_none_of_home_before_and_after_a_rebuild,
        values::a_severe_pair_whose_pulse_says_nothing_pages_over_http_and_over_kafka,
        values::of_a_thousand_lines_the_bad_one_is_named_and_the_others_are_stored,
        values::a_value_with_more_decimals_is_one_version_over_http_and_over_kafka,
        other_languages::curl_java_python_and_node_get_every_early_answer_of_the_gateway,
        unfit_kafka::topics_that_are_not_fit_are_refused_by_topics_create_and_by_every_service_at_its_start,
        unfit_kafka::every_service_refuses_a_topic_of_another_number_of_partitions_at_its_start,
        unfit_kafka::the_brokers_longest_transaction_is_checked_by_topics_create,
        unfit_kafka::a_vendors_open_transaction_is_counted_named_and_ended_by_an_operator,
        demo::the_demo_survives_kill_9_of_its_services_and_ends_balanced,
    ];
    if versions::real_recordings().is_some() {
        promises.extend(promises![
            versions::real_recordings_come_out_whole_and_sending_them_again_or_shuffled_changes_nothing,
        ]);
    }
    let conclusion = libtest_mimic::run(&arguments, promises);
    tests::run::end(!conclusion.has_failed());
    conclusion.exit_code()
}
