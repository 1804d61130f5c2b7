"""Forget what was published of an invented region that was made anew.

In real use nothing is ever forgotten and no id is used again: what is gone stays as an
inactive resource. A demo that is filled again each week would only grow.
"""

from django.db import connection, transaction

_FIND = """
CREATE TEMP TABLE fhir_gone ON COMMIT DROP AS
SELECT r.type, r.fhir_id
  FROM fhir_resource r JOIN fhir_version v USING (type, fhir_id, version)
 WHERE v.source @> '{"removed": true}'
   AND jsonb_path_exists(v.source, '$.*.is_fictional ? (@ == true)')
"""
#: Requests say nothing of themselves; those of invented parties are invented.
_FIND_REQUESTS = """
INSERT INTO fhir_gone
SELECT r.type, r.fhir_id
  FROM fhir_resource r JOIN fhir_version v USING (type, fhir_id, version)
 WHERE r.type = 'Task'
   AND EXISTS (SELECT 1 FROM fhir_gone g
                WHERE g.fhir_id IN (v.source->>'requester', v.source->>'service',
                                    v.source->>'organization'))
"""
_OF_GONE = "USING fhir_gone g WHERE t.type = g.type AND t.fhir_id = g.fhir_id"


@transaction.atomic
def forget_fictional() -> int:
    """Forget every invented resource that is gone from the directory, with history.

    Returns how many resources that were.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIND)
        cursor.execute(_FIND_REQUESTS)
        cursor.execute(f"DELETE FROM fhir_version t {_OF_GONE}")
        cursor.execute(
            "DELETE FROM fhir_searchlink l USING fhir_searchentry t, fhir_gone g"
            " WHERE l.entry_id = t.id AND t.type = g.type AND t.fhir_id = g.fhir_id"
        )
        cursor.execute(f"DELETE FROM fhir_searchentry t {_OF_GONE}")
        cursor.execute(f"DELETE FROM fhir_resource t {_OF_GONE}")
        forgotten: int = cursor.rowcount
        cursor.execute(f"DELETE FROM fhir_fedelements t {_OF_GONE}")
        cursor.execute("DROP TABLE fhir_gone")
    return forgotten
