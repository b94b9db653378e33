import { useCallback, useState } from "react";
import * as z from "zod/mini";
import { recall, remember } from "../state/storage";

const schema = z.string();

/** A text of a field that survives a reload of the page. */
export function useKept(name: string, initial: string): readonly [string, (text: string) => void] {
  const [text, setText] = useState(() => recall(name, schema) ?? initial);
  const change = useCallback(
    (next: string) => {
      setText(next);
      remember(name, next);
    },
    [name],
  );
  return [text, change];
}
