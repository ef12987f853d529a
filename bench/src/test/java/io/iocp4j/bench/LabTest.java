package io.iocp4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The command line of the lab")
class LabTest {
    private static final Path MODULE = Path.of("").toAbsolutePath();

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... args) {
        return new Lab(new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8), MODULE).run(List.of(args));
    }

    private String printed(ByteArrayOutputStream stream) {
        return stream.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest(name = "lab {0}")
    @CsvSource(delimiter = '|', value = {
        "qick|did you mean quick?",
        "run|needs a workload",
        "run tcp-eco|did you mean tcp-echo?",
        "run tcp-echo:conections=1|did you mean connections?",
        "run tcp-echo --round 3|did you mean --rounds?",
        "run tcp-echo --rounds|lacks its value",
        "run tcp-echo --rounds none|must be a number",
        "run tcp-echo --seconds 0|must be more than 0",
        "run tcp-echo --servers aoi|did you mean aio?",
        "run tcp-echo --server x|name=command {port}",
        "quick tcp-echo|lab run takes others",
        "gate --rounds 2|no option is called --rounds",
        "check|needs load or verdicts",
        "check load --servers aio|no option is called --servers",
        "compare one|two directories",
        "jmh codecs|did you mean codec?",
    })
    @DisplayName("refuses what it does not know with exit code 2 and says what may have been meant")
    void refused(String args, String expected) {
        assertEquals(2, run(args.split(" ")), printed(err));
        assertTrue(printed(err).contains(expected), printed(err));
    }

    @Test
    @DisplayName("has a help for each command, which names each option")
    void help() {
        for (String command : Help.COMMANDS.keySet()) {
            out.reset();
            assertEquals(0, run(command, "--help"));
            assertTrue(printed(out).startsWith("lab " + command), printed(out));
        }
        assertEquals(0, run("--help"));
        Help.COMMANDS.keySet().stream().filter(command -> !command.equals("path"))
                .forEach(command -> assertTrue(Help.ALL.contains("lab " + command), command));
        for (String option : Plans.OPTIONS.replace("!", "").split(" ")) {
            assertTrue(Help.COMMANDS.get("run").contains(option + " "), option);
        }
    }

    @Test
    @DisplayName("lists workloads, servers and sets of benchmarks")
    void list() {
        assertEquals(0, run("list"));
        for (String expected : List.of("ws-echo:connections=64", "bare-aio", "netty-epoll", "codec")) {
            assertTrue(printed(out).contains(expected), printed(out));
        }
    }

    @Test
    @DisplayName("plans a quick run of less than 2 minutes, and a gate of less than 4 with time to repeat")
    void estimates() throws IOException {
        Plans plans = new Plans(MODULE, new PrintStream(err, true, StandardCharsets.UTF_8));
        assertTrue(plans.plan("quick", List.of()).estimatedSeconds() < 100);
        assertTrue(plans.gate(List.of()).estimatedSeconds() < 150);
    }

    @Test
    @DisplayName("says in a run how to repeat it")
    void command() {
        assertEquals("lab run tcp-echo:size=1 --server-tcp 'x=run {port}'",
                Plans.command("run", List.of("tcp-echo:size=1", "--server-tcp", "x=run {port}")));
    }

    @Test
    @DisplayName("a report of a directory without a run fails with exit code 1")
    void noRun() {
        assertEquals(1, run("report", MODULE.resolve("src").toString()));
        assertTrue(printed(err).contains("run.json"), printed(err));
    }
}
