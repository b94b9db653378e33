"""Everything of ours in the catalogue of a database, as rows that can be compared.

Must leave out what two equal databases differ in: object numbers, the order in which rights were given, and schema
`migrations`, whose rows tell how a database came to be what it is.
"""

import psycopg

Shape = list[tuple[str, ...]]

# Rights are put in order: Postgres keeps them in the order in which they were given.
_QUERY = """
    WITH ours AS (
        SELECT n.oid FROM pg_namespace AS n
        WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'migrations')
    ), relations AS (
        SELECT c.*, c.oid::regclass::text AS name FROM pg_class AS c JOIN ours ON ours.oid = c.relnamespace
    )
    SELECT 'database', 'rights'::text, NULL::text, NULL::text, sorted(d.datacl)
    FROM pg_database AS d WHERE d.datname = current_database()
    UNION ALL
    SELECT 'role', r.rolname, concat_ws(' ', r.rolcanlogin, r.rolinherit, r.rolsuper, r.rolcreaterole, r.rolcreatedb,
        r.rolbypassrls), shobj_description(r.oid, 'pg_authid'), (
            SELECT string_agg(concat_ws(' ', g.rolname, m.inherit_option, m.set_option, m.admin_option), ', '
                ORDER BY g.rolname)
            FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid WHERE m.member = r.oid
        )
    FROM pg_roles AS r WHERE r.rolname LIKE 'ct\\_%'
    UNION ALL
    SELECT 'schema', n.nspname, pg_get_userbyid(n.nspowner), obj_description(n.oid, 'pg_namespace'), sorted(n.nspacl)
    FROM pg_namespace AS n JOIN ours ON ours.oid = n.oid
    UNION ALL
    SELECT 'default rights', pg_get_userbyid(d.defaclrole), d.defaclnamespace::regnamespace::text,
        d.defaclobjtype::text, sorted(d.defaclacl)
    FROM pg_default_acl AS d
    UNION ALL
    SELECT 'relation', c.name,
        concat_ws(' ', c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,
            pg_get_userbyid(c.relowner)),
        obj_description(c.oid, 'pg_class'), sorted(c.relacl)
    FROM relations AS c
    UNION ALL
    SELECT 'column', c.name || '.' || a.attname,
        concat_ws(' ', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod),
            a.attcollation::regcollation, a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attcompression,
            pg_get_expr(d.adbin, d.adrelid)),
        col_description(c.oid, a.attnum), sorted(a.attacl)
    FROM pg_attribute AS a JOIN relations AS c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'sequence', c.name, concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin,
        s.seqmax, s.seqcache, s.seqcycle), NULL, NULL
    FROM pg_sequence AS s JOIN relations AS c ON c.oid = s.seqrelid
    UNION ALL
    SELECT 'constraint', o.conrelid::regclass || '.' || o.conname,
        concat_ws(' ', pg_get_constraintdef(o.oid), o.condeferrable, o.condeferred, o.convalidated),
        obj_description(o.oid, 'pg_constraint'), NULL
    FROM pg_constraint AS o JOIN ours ON ours.oid = o.connamespace
    UNION ALL
    SELECT 'index', c.name, pg_get_indexdef(i.indexrelid), concat_ws(' ', i.indisvalid, i.indisclustered), NULL
    FROM pg_index AS i JOIN relations AS c ON c.oid = i.indexrelid
    UNION ALL
    SELECT 'trigger', c.name || '.' || t.tgname, pg_get_triggerdef(t.oid),
        concat_ws(' ', t.tgenabled, obj_description(t.oid, 'pg_trigger')), NULL
    FROM pg_trigger AS t JOIN relations AS c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'policy', c.name || '.' || p.polname,
        concat_ws(' ', p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
            pg_get_expr(p.polwithcheck, p.polrelid)),
        obj_description(p.oid, 'pg_policy'),
        (SELECT string_agg(CASE r WHEN 0 THEN 'public' ELSE pg_get_userbyid(r) END, ',' ORDER BY r)
            FROM unnest(p.polroles) AS r)
    FROM pg_policy AS p JOIN relations AS c ON c.oid = p.polrelid
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid),
        concat_ws(' ', pg_get_userbyid(p.proowner), obj_description(p.oid, 'pg_proc')), sorted(p.proacl)
    FROM pg_proc AS p JOIN ours ON ours.oid = p.pronamespace
    UNION ALL
    SELECT 'type', t.oid::regtype::text,
        (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = t.oid),
        concat_ws(' ', t.typtype, pg_get_userbyid(t.typowner), obj_description(t.oid, 'pg_type')), sorted(t.typacl)
    FROM pg_type AS t JOIN ours ON ours.oid = t.typnamespace WHERE t.typelem = 0
    ORDER BY 1, 2, 3
"""


def shape(url: str) -> Shape:
    """Relations, columns in their order, checks, indexes, functions with their bodies, policies, remarks, rights …"""
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE FUNCTION pg_temp.sorted(aclitem[]) RETURNS text LANGUAGE sql"
            " RETURN (SELECT string_agg(item::text, ' ' ORDER BY item::text) FROM unnest($1) AS t (item))"
        )
        rows = connection.execute(_QUERY.replace("sorted(", "pg_temp.sorted(").encode()).fetchall()
        connection.rollback()
    return [tuple(map(str, row)) for row in rows]
