/**
 * Evidence that a schema was compared with the migrations: a database whose schema still has the digest `schema`, and
 * whose migrations still have the digest `migrations`, needs no second comparison.
 */
export interface VerifiedSchema {
  /** SHA-256, in hex, of the applied migrations with their checksums, the baseline, and the versions that compared them. */
  migrations: string;
  /** SHA-256, in hex, of the schema as the database describes it. */
  schema: string;
}
