/** A list of rows in pages: its skeleton, its failure, its emptiness, and the way to more. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { Failed } from "../ui/Failed";
import { Rows } from "../ui/Rows";
import { Skeleton } from "../ui/Skeleton";
import styles from "./money.module.css";
import type { Pages } from "./use-pages";

const USUAL_ROWS = 6;

interface PageListProps<T> {
  readonly pages: Pages<T>;
  readonly title?: string;
  readonly empty: string;
  readonly row: (item: T) => ReactNode;
}

export function PageList<T>({ pages, title, empty, row }: PageListProps<T>): ReactNode {
  const { t } = useTranslation();
  const { loaded, more, reload } = pages;
  switch (loaded.name) {
    case "loading":
      return <Skeleton height={64 * USUAL_ROWS} radius={20} />;
    case "failed":
      return <Failed message={loaded.message} onRetry={reload} />;
    case "ready":
      return loaded.value.items.length === 0 ? (
        <p className={styles.empty}>{empty}</p>
      ) : (
        <>
          <Rows {...(title === undefined ? {} : { title })}>{loaded.value.items.map(row)}</Rows>
          {loaded.value.next !== null && (
            <Button kind="quiet" disabled={more === null} onClick={() => more?.()}>
              {t("pages.more")}
            </Button>
          )}
        </>
      );
  }
}
