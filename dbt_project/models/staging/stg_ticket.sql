-- A ticket or a chat with the service desk.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('ticket', key=['ticket_id']) }}
),

final as (
    select
        source_system,
        ticket_id,
        ticket_kind,
        contact_channel,
        source_customer_key,
        customer_system,
        name_token,
        phone_token,
        email_token,
        order_id,
        product_id,
        product_line,
        device_id,
        region,
        province,
        city,
        employee_id,
        priority,
        cause,
        status,
        subject,
        description,
        resolution,
        message_count,
        is_bot_begun,
        is_bot_closed,
        created_at,
        first_responded_at,
        handed_over_at,
        solved_at,
        closed_at,
        called_back_at,
        is_call_back_confirmed,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
