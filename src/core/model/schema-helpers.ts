import { z } from 'zod';
import { DURATION_PATTERN } from './duration.ts';

/** Helpers that the parts of the resource schema share. */
export const rule = (rule: string, message: string) => ({ rule, message });
export const cel = (...rules: { rule: string; message: string }[]) => ({ 'x-kubernetes-validations': rules });

export const exactlyOne = (...names: string[]) =>
  rule(
    `[${names.map((name) => `has(self.${name})`).join(', ')}].filter(x, x).size() == 1`,
    `set exactly one of ${names.join(', ')}`,
  );

/** A DNS subdomain, as the names of most objects are. */
export const objectName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
/** A quantity of bytes that is not zero. */
export const QUANTITY = /^(0*[1-9][0-9]*(\.[0-9]+)?|0*\.0*[1-9][0-9]*)([kMGTPE]|[KMGTPE]i|[eE][0-9]{1,2})?$/;
/** Five fields of characters of a cron field; the operator parses them fully. */
export const CRON = /^\s*[0-9A-Za-z*/,-]+(\s+[0-9A-Za-z*/,-]+){4}\s*$/;
/** Characters of IANA names. */
export const TIME_ZONE = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/;
export const duration = z.string().regex(new RegExp(DURATION_PATTERN)).max(20);
export const path = z.string().min(1).max(1024);
export const anything = z.looseObject({}).meta({ 'x-kubernetes-preserve-unknown-fields': true });
