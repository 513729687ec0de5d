{#
    Grain: one row per KPI, grain, period_start, dimension and member; all of it generated from the metric declarations
    under models/semantic. Members add up to the whole only for sums and counts; distinct counts, medians, ratios and
    windows add up neither over members nor over periods: read the period you need.
#}
{{ kpi_value_rows({
    'activities': ref('int_kpi_measures__activities'),
    'approvals': ref('int_kpi_measures__approvals'),
    'channel_performance': ref('int_kpi_measures__channel_performance'),
    'community_customers': ref('int_kpi_measures__community_customers'),
    'contract_changes': ref('int_kpi_measures__contract_changes'),
    'contracts': ref('int_kpi_measures__contracts'),
    'core_customer_revenue': ref('int_kpi_measures__core_customer_revenue'),
    'customer_coverage': ref('int_kpi_measures__customer_coverage'),
    'customer_visits': ref('int_kpi_measures__customer_visits'),
    'data_freshness': ref('int_kpi_measures__data_freshness'),
    'delivery_days': ref('int_kpi_measures__delivery_days'),
    'email_performance': ref('int_kpi_measures__email_performance'),
    'expenses': ref('int_kpi_measures__expenses'),
    'first_purchases': ref('int_kpi_measures__first_purchases'),
    'lead_service_levels': ref('int_kpi_measures__lead_service_levels'),
    'leads': ref('int_kpi_measures__leads'),
    'mentions': ref('int_kpi_measures__mentions'),
    'opportunities': ref('int_kpi_measures__opportunities'),
    'page_performance': ref('int_kpi_measures__page_performance'),
    'pipeline_changes': ref('int_kpi_measures__pipeline_changes'),
    'receivables': ref('int_kpi_measures__receivables'),
    'repurchase_changes': ref('int_kpi_measures__repurchase_changes'),
    'revenue_events': ref('int_kpi_measures__revenue_events'),
    'revenue_forecast': ref('int_kpi_measures__revenue_forecast'),
    'seller_changes': ref('int_kpi_measures__seller_changes'),
    'sessions': ref('int_kpi_measures__sessions'),
    'social_accounts': ref('int_kpi_measures__social_accounts'),
    'social_posts': ref('int_kpi_measures__social_posts'),
    'stage_entries': ref('int_kpi_measures__stage_entries'),
    'stall_events': ref('int_kpi_measures__stall_events'),
    'stock': ref('int_kpi_measures__stock'),
    'store_days': ref('int_kpi_measures__store_days'),
}) }}
