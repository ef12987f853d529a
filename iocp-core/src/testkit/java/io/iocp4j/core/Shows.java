package io.iocp4j.core;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The rows that a test shows: behaviours of {@code behaviours.md} by their id, security gates by their number or name.
 * {@link Coverage} prints the tests of each row, and fails the build for a row that no test shows.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Shows {
    /**
     * Names the rows.
     *
     * @return ids such as {@code B14}, {@code CVE-2020-13935} or {@code Slowloris}
     */
    String[] value();
}
