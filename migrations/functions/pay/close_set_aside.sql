SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.close_set_aside(p_item_id bigint, p_read boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    UPDATE pay.set_aside AS s SET closed_at = now(), closed_by = CASE WHEN p_read THEN 'read' ELSE auth.actor() END
    WHERE s.item_id = p_item_id AND s.closed_at IS NULL;
    RETURN CASE
        WHEN FOUND OR EXISTS (SELECT FROM pay.set_aside AS s WHERE s.item_id = p_item_id) THEN 'ok' ELSE 'not_found'
    END;
END
$function$;

COMMENT ON FUNCTION pay.close_set_aside IS
    'What was set aside has been read after all (p_read), or an operator has dealt with it; repeated, it is ok again.';
GRANT EXECUTE ON FUNCTION pay.close_set_aside TO ct_settler, ct_operator;
