//! The tables as diesel sees them; private to the store, so that no query can be written elsewhere.

diesel::table! {
    shops (id) {
        id -> Integer,
        name -> Text,
        currency -> Text,
        time_zone -> Text,
        secret -> Binary,
        created_at -> TimestamptzSqlite,
    }
}

diesel::table! {
    accounts (id) {
        id -> Integer,
        shop_id -> Integer,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        created_at -> TimestamptzSqlite,
        last_sign_in_at -> Nullable<TimestamptzSqlite>,
        disabled_at -> Nullable<TimestamptzSqlite>,
    }
}

diesel::table! {
    sessions (token_hash) {
        token_hash -> Text,
        account_id -> Integer,
        created_at -> TimestamptzSqlite,
        last_seen_at -> TimestamptzSqlite,
        expires_at -> TimestamptzSqlite,
    }
}

diesel::table! {
    setup_links (token_hash) {
        token_hash -> Text,
        created_at -> TimestamptzSqlite,
        expires_at -> TimestamptzSqlite,
        used_at -> Nullable<TimestamptzSqlite>,
    }
}

diesel::table! {
    sign_in_attempts (id) {
        id -> Integer,
        who -> Text,
        at -> TimestamptzSqlite,
    }
}

diesel::table! {
    jobs (id) {
        id -> Integer,
        shop_id -> Integer,
        kind -> Text,
        payload -> Text,
        state -> Text,
        phase -> Text,
        done -> BigInt,
        total -> Nullable<BigInt>,
        attempts -> Integer,
        max_attempts -> Integer,
        run_after -> TimestamptzSqlite,
        created_at -> TimestamptzSqlite,
        started_at -> Nullable<TimestamptzSqlite>,
        phase_started_at -> Nullable<TimestamptzSqlite>,
        finished_at -> Nullable<TimestamptzSqlite>,
        cancel_requested -> Bool,
        result -> Nullable<Text>,
        error -> Nullable<Text>,
        created_by -> Nullable<Integer>,
    }
}

diesel::table! {
    sync_runs (id) {
        id -> Integer,
        shop_id -> Integer,
        job_id -> Nullable<Integer>,
        started_at -> TimestamptzSqlite,
        finished_at -> Nullable<TimestamptzSqlite>,
        state -> Text,
        full_sync -> Bool,
        history_version -> Nullable<BigInt>,
        counts -> Nullable<Text>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    source_marks (shop_id, name) {
        shop_id -> Integer,
        name -> Text,
        watermark -> Text,
        updated_at -> TimestamptzSqlite,
    }
}

diesel::table! {
    source_queries (id) {
        id -> Integer,
        shop_id -> Integer,
        at -> TimestamptzSqlite,
        statement -> Text,
        row_count -> BigInt,
        duration_ms -> BigInt,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    models (id) {
        id -> Integer,
        shop_id -> Integer,
        job_id -> Nullable<Integer>,
        kind -> Text,
        file -> Text,
        checksum -> Text,
        history_version -> BigInt,
        cut_at -> TimestamptzSqlite,
        params -> Text,
        metrics -> Text,
        verdict -> Text,
        beats_popular -> Bool,
        trained_at -> TimestamptzSqlite,
        train_ms -> BigInt,
        unreadable -> Nullable<Text>,
    }
}

diesel::table! {
    campaigns (id) {
        id -> Integer,
        shop_id -> Integer,
        name -> Text,
        state -> Text,
        plan -> Text,
        version -> Integer,
        model_id -> Nullable<Integer>,
        job_id -> Nullable<Integer>,
        generation -> Nullable<Text>,
        summary -> Nullable<Text>,
        created_at -> TimestamptzSqlite,
        created_by -> Nullable<Integer>,
        updated_at -> TimestamptzSqlite,
        updated_by -> Nullable<Integer>,
        generated_at -> Nullable<TimestamptzSqlite>,
        approved_at -> Nullable<TimestamptzSqlite>,
        approved_by -> Nullable<Integer>,
        sent_at -> Nullable<TimestamptzSqlite>,
        closed_at -> Nullable<TimestamptzSqlite>,
    }
}

diesel::table! {
    id_lists (id) {
        id -> Integer,
        shop_id -> Integer,
        kind -> Text,
        name -> Text,
        ids -> Text,
        id_count -> BigInt,
        created_at -> TimestamptzSqlite,
        created_by -> Nullable<Integer>,
    }
}

diesel::table! {
    reports (campaign_id) {
        campaign_id -> Integer,
        computed_at -> TimestamptzSqlite,
        history_version -> BigInt,
        report -> Text,
        frozen_at -> Nullable<TimestamptzSqlite>,
        fingerprint -> Nullable<Text>,
    }
}

diesel::table! {
    audit (id) {
        id -> Integer,
        shop_id -> Integer,
        at -> TimestamptzSqlite,
        account_id -> Nullable<Integer>,
        action -> Text,
        subject -> Text,
    }
}

diesel::table! {
    sendings (campaign_id) {
        campaign_id -> Integer,
        shop_id -> Integer,
        state -> Text,
        prepared -> Bool,
        problem -> Text,
        rest_until -> Nullable<TimestamptzSqlite>,
        created_at -> TimestamptzSqlite,
        created_by -> Nullable<Integer>,
        finished_at -> Nullable<TimestamptzSqlite>,
    }
}

diesel::table! {
    mails (campaign_id, customer) {
        campaign_id -> Integer,
        customer -> Text,
        state -> Text,
        tries -> Integer,
        run_after -> TimestamptzSqlite,
        attempted_at -> Nullable<TimestamptzSqlite>,
        answer -> Text,
    }
}

diesel::table! {
    unsubscribes (shop_id, customer) {
        shop_id -> Integer,
        customer -> Text,
        campaign_id -> Integer,
        at -> TimestamptzSqlite,
    }
}

diesel::table! {
    email_settings (shop_id) {
        shop_id -> Integer,
        colour -> Text,
        logo_url -> Text,
        sender_name -> Text,
        footer -> Text,
        unsubscribe_url -> Text,
        updated_at -> TimestamptzSqlite,
        updated_by -> Nullable<Integer>,
    }
}

diesel::table! {
    campaign_emails (campaign_id) {
        campaign_id -> Integer,
        subject -> Text,
        preheader -> Text,
        mjml -> Text,
        version -> Integer,
        updated_at -> TimestamptzSqlite,
        updated_by -> Nullable<Integer>,
    }
}

diesel::table! {
    recipient_verdicts (campaign_id, generation, customer) {
        campaign_id -> Integer,
        generation -> Text,
        customer -> Text,
        verdict -> Text,
        at -> TimestamptzSqlite,
        account_id -> Nullable<Integer>,
    }
}

diesel::table! {
    rule_sets (id) {
        id -> Integer,
        shop_id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    rule_set_versions (set_id, version) {
        set_id -> Integer,
        version -> Integer,
        rules -> Text,
        restores -> Nullable<Integer>,
        at -> TimestamptzSqlite,
        account_id -> Nullable<Integer>,
    }
}

diesel::table! {
    segments (id) {
        id -> Integer,
        shop_id -> Integer,
        name -> Text,
        audience -> Text,
        updated_at -> TimestamptzSqlite,
        updated_by -> Nullable<Integer>,
    }
}

diesel::table! {
    series (pattern_id) {
        pattern_id -> Integer,
        shop_id -> Integer,
        cron -> Text,
        cause -> Text,
        approves -> Bool,
        sends -> Bool,
        is_on -> Bool,
        since -> TimestamptzSqlite,
        shelf -> Text,
        updated_at -> TimestamptzSqlite,
        updated_by -> Nullable<Integer>,
    }
}

diesel::table! {
    series_runs (pattern_id, due_at) {
        pattern_id -> Integer,
        due_at -> TimestamptzSqlite,
        campaign_id -> Nullable<Integer>,
        note -> Text,
    }
}

diesel::table! {
    responses (id) {
        id -> Integer,
        campaign_id -> Integer,
        customer -> Text,
        kind -> Text,
        slot -> Nullable<Integer>,
        product -> Nullable<Text>,
        at -> TimestamptzSqlite,
        by_program -> Bool,
        from_file -> Bool,
    }
}

diesel::table! {
    bounces (shop_id, customer, campaign_id) {
        shop_id -> Integer,
        customer -> Text,
        campaign_id -> Integer,
        is_hard -> Bool,
        address -> Text,
        reason -> Text,
        at -> TimestamptzSqlite,
    }
}

diesel::table! {
    model_choices (id) {
        id -> Integer,
        shop_id -> Integer,
        model_id -> Nullable<Integer>,
        note -> Text,
        chosen_at -> TimestamptzSqlite,
        chosen_by -> Nullable<Integer>,
    }
}

diesel::table! {
    report_readers (id) {
        id -> Integer,
        shop_id -> Integer,
        address -> Text,
        is_weekly -> Bool,
        is_at_close -> Bool,
        since -> TimestamptzSqlite,
        added_by -> Nullable<Integer>,
    }
}

diesel::table! {
    report_letters (shop_id, report, address) {
        shop_id -> Integer,
        report -> Text,
        address -> Text,
        state -> Text,
        tries -> Integer,
        run_after -> TimestamptzSqlite,
        made_at -> TimestamptzSqlite,
        attempted_at -> Nullable<TimestamptzSqlite>,
        answer -> Text,
    }
}

diesel::table! {
    report_links (id) {
        id -> Integer,
        shop_id -> Integer,
        campaign_id -> Integer,
        token_hash -> Text,
        note -> Text,
        made_by -> Nullable<Integer>,
        made_at -> TimestamptzSqlite,
        ends_at -> TimestamptzSqlite,
        revoked_at -> Nullable<TimestamptzSqlite>,
        last_used_at -> Nullable<TimestamptzSqlite>,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Integer,
        shop_id -> Integer,
        name -> Text,
        scope -> Text,
        key_hash -> Text,
        made_by -> Nullable<Integer>,
        made_at -> TimestamptzSqlite,
        revoked_at -> Nullable<TimestamptzSqlite>,
        last_used_at -> Nullable<TimestamptzSqlite>,
    }
}

diesel::table! {
    hindsights (campaign_id) {
        campaign_id -> Integer,
        asked -> Text,
        told -> Text,
        at -> TimestamptzSqlite,
    }
}

diesel::table! {
    listmonk_pushes (campaign_id) {
        campaign_id -> Integer,
        generation -> Text,
        list_name -> Text,
        looked_at -> BigInt,
        given -> BigInt,
        refused -> BigInt,
        refusal -> Text,
        finished_at -> Nullable<TimestamptzSqlite>,
    }
}

diesel::table! {
    weather_days (shop_id, day) {
        shop_id -> Integer,
        day -> Date,
        asked_at -> TimestamptzSqlite,
        fault -> Text,
        told_at -> Nullable<TimestamptzSqlite>,
        told -> Text,
    }
}

diesel::joinable!(rule_set_versions -> accounts (account_id));
diesel::joinable!(rule_set_versions -> rule_sets (set_id));
diesel::allow_tables_to_appear_in_same_query!(accounts, rule_set_versions, rule_sets);
diesel::joinable!(sessions -> accounts (account_id));
diesel::allow_tables_to_appear_in_same_query!(accounts, sessions);
diesel::allow_tables_to_appear_in_same_query!(mails, responses);
