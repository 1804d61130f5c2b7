-- A change puts work in the worker's queue, in its own transaction: subscribers are told
-- as soon as it is over. Once is enough while it waits; the sweep of each minute finds
-- what an older writer held back.

CREATE FUNCTION fhir_on_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM fhir_subscription WHERE status IN ('requested', 'active'))
     AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs
                      WHERE task_name = 'wijkspil.fhir.tasks.tell_subscribers'
                        AND status = 'todo') THEN
    PERFORM procrastinate_defer_jobs_v1(ARRAY[
      ROW('default', 'wijkspil.fhir.tasks.tell_subscribers', 0, NULL, NULL,
          '{}'::jsonb, NULL)::procrastinate_job_to_defer_v1]);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER fhir_on_version AFTER INSERT OR UPDATE OF source ON fhir_version
  FOR EACH STATEMENT EXECUTE FUNCTION fhir_on_version();
CREATE TRIGGER fhir_on_version AFTER INSERT OR UPDATE OF status ON fhir_subscription
  FOR EACH STATEMENT EXECUTE FUNCTION fhir_on_version();
