import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Refused, refusalText } from "./refusals";

/** Why something about money was refused, in words; and a way to say that it was. */
export function useRefusal(): readonly [string | null, (refused: Refused | null) => void] {
  const { t } = useTranslation();
  const [refused, setRefused] = useState<Refused | null>(null);
  return [refused && refusalText(t, refused), setRefused];
}
