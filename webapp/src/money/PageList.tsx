/** A list of rows in pages: its skeleton, its failure, its emptiness, and the way to more. */
import type { ReactNode } from "react";
import { Empty } from "../ui/Empty";
import { Failed } from "../ui/Failed";
import { LoadMore } from "../ui/LoadMore";
import { Rows } from "../ui/Rows";
import { Skeleton } from "../ui/Skeleton";
import type { UsedPages } from "../ui/use-paged";

const USUAL_ROWS = 6;
const RECEIPT = "M6 3.500h12v17l-3-2-3 2-3-2-3 2zM9.500 9h5M9.500 13h5";

interface PageListProps<T> {
  readonly pages: UsedPages<T>;
  readonly title?: string;
  readonly empty: string;
  readonly row: (item: T) => ReactNode;
}

export function PageList<T>({ pages, title, empty, row }: PageListProps<T>): ReactNode {
  const { paged, refresh, more } = pages;
  if (paged.items === null) {
    return paged.failure ? (
      <Failed message={paged.failure.message} onRetry={refresh} />
    ) : (
      <Skeleton height={64 * USUAL_ROWS} radius={20} />
    );
  }
  if (paged.items.length === 0) return <Empty icon={RECEIPT} text={empty} />;
  return (
    <>
      <Rows {...(title === undefined ? {} : { title })}>{paged.items.map(row)}</Rows>
      <LoadMore paged={paged} onMore={more} />
    </>
  );
}
