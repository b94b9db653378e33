import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import type { Refused } from "./payments";

/** Why something about money was refused, in words; what the server says, where this app knows nothing better. */
export function useRefusal(): readonly [string | null, (refused: Refused | null) => void] {
  const { t } = useTranslation();
  const [refused, setRefused] = useState<Refused | null>(null);
  const words = (): string | null => {
    switch (refused?.code) {
      case undefined:
        return null;
      case null:
        return t("pay.unreachable");
      case "conflict":
        return t("pay.tooMany");
      case "limit_reached":
        return t("pay.limited");
      default:
        return refused?.message ?? null;
    }
  };
  return [words(), setRefused];
}

export function refusedBy(error: unknown): Refused {
  return error instanceof ApiError
    ? { code: error.code, message: error.message }
    : { code: null, message: null };
}
