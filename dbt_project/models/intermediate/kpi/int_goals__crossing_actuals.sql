{#
    Grain: one row per goal, or month of one (key@month), on a crossing of dimensions that can be computed: the actual
    value of the period so far.
#}
{% set semantic_models = {
    'revenue_events': ref('revenue_events'),
    'leads': ref('fct_leads'),
    'opportunities': ref('fct_opportunities'),
} %}
{% for name, relation in semantic_models.items() %}
    select
        goal_key,
        actual
    from ({{ goal_crossing_actuals(name, relation, ref('int_goals__periods')) }}) as {{ name }}
    {{ 'union all' if not loop.last }}
{% endfor %}
