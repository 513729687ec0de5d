-- Grain: one row per month, region, product line and day on which the forecast was made (the end of a month).
-- Amounts add up over regions, product lines and months within one made_on, bands do not; nothing adds up over made_on.
with

forecasts as (
    select * from {{ ref('int_revenue__forecasted') }}
),

actuals as (
    select * from {{ ref('int_revenue__monthly') }}
),

newest as (
    select max(made_on) as made_on
    from forecasts
),

compared as (
    select
        forecasts.*,
        actuals.revenue_reporting_amount as actual,
        forecasts.lead_months = {{ var('forecast_lead_months') }} as is_quarter_ahead,
        forecasts.made_on = newest.made_on as is_latest
    from forecasts
    cross join newest
    left join actuals
        on
            forecasts.region = actuals.region
            and forecasts.product_line = actuals.product_line
            and forecasts.month_start = actuals.month_start
),

final as (
    select
        month_start as month,
        region,
        product_line,
        made_on,
        is_latest,
        lead_months,
        method,
        method = 'seasonal_naive' as is_baseline,
        {{ money('forecast') }} as forecast_reporting_amount,
        {{ money('lower_80') }} as lower_80_reporting_amount,
        {{ money('upper_80') }} as upper_80_reporting_amount,
        {{ money('lower_95') }} as lower_95_reporting_amount,
        {{ money('upper_95') }} as upper_95_reporting_amount,
        {{ money('baseline_forecast') }} as baseline_reporting_amount,
        actual as actual_reporting_amount,
        backtest_error,
        baseline_backtest_error,
        last_quarter_error,
        case when is_quarter_ahead then {{ money('abs(cast(forecast as decimal(18, 4)) - actual)') }} end
            as quarter_ahead_error_reporting_amount,
        case when is_quarter_ahead then actual end as quarter_ahead_actual_reporting_amount
    from compared
)

select * from final
