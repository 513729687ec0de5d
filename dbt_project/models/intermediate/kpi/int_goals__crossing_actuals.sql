{# Grain: one row per goal on a crossing of dimensions that can be computed: the actual value of its period so far. #}
select goal_key, actual from ({{ goal_crossing_actuals('revenue_events', ref('revenue_events'), ref('int_goals__cells')) }}) as sales
union all
select goal_key, actual from ({{ goal_crossing_actuals('leads', ref('fct_leads'), ref('int_goals__cells')) }}) as leads
union all
select goal_key, actual from ({{ goal_crossing_actuals('opportunities', ref('fct_opportunities'), ref('int_goals__cells')) }}) as opportunities
