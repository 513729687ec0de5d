{#
    Sets of numbers that models run through: scorecards, commission schemes, the split of the budget.

    Belongs here: reading them from the variables. Not here: formulas (models/intermediate/team, models/marts/team).
    Each macro also answers where variables are no mappings (the linter), with a set of one.
#}

{# KPIs of the scorecard set in use: a list of {component, component_weight, kpi_id, kpi_weight, target}. #}
{% macro scorecard_kpis_in_use() %}
    {% set sets = var('scorecard_sets') %}
    {% if sets is not mapping %}
        {{ return([{
            'component': 'result', 'component_weight': 1, 'kpi_id': 'individual_attainment', 'kpi_weight': 1, 'target': 1
        }]) }}
    {% endif %}
    {% set found = [] %}
    {% for component, content in sets[var('scorecard_set')].items() %}
        {% for kpi_id, weight in content['kpis'].items() %}
            {% do found.append({
                'component': component, 'component_weight': content['weight'], 'kpi_id': kpi_id, 'kpi_weight': weight,
                'target': var('scorecard_targets')[kpi_id],
            }) %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# Names of the set's components, in order: three. #}
{% macro scorecard_components() %}
    {% set sets = var('scorecard_sets') %}
    {% if sets is not mapping %}{{ return(['result', 'process', 'capability']) }}{% endif %}
    {{ return(sets[var('scorecard_set')].keys() | list) }}
{% endmacro %}

{# The commission scheme in use: {revenue_rate, core_repurchase_rate, new_customer_rate, target_bonus, steps}. #}
{% macro commission_terms() %}
    {% set schemes = var('commission_schemes') %}
    {% if schemes is not mapping %}
        {{ return({
            'revenue_rate': 1, 'core_repurchase_rate': 1, 'new_customer_rate': 1, 'target_bonus': 1,
            'steps': [{'beyond': 1, 'rate': 1}],
        }) }}
    {% endif %}
    {{ return(schemes[var('commission_scheme')]) }}
{% endmacro %}

{# Parts of the budget by purpose: {proven, test, contingency}. #}
{% macro budget_split_in_use() %}
    {% set split = var('budget_split') %}
    {{ return(split if split is mapping else {'proven': 1}) }}
{% endmacro %}
