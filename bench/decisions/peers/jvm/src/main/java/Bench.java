import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.StringReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.camunda.dmn.DmnEngine;
import org.camunda.dmn.parser.ParsedDmn;
import org.camunda.feel.api.FeelEngineApi;
import org.camunda.feel.api.FeelEngineBuilder;
import org.kie.dmn.api.core.DMNContext;
import org.kie.dmn.api.core.DMNModel;
import org.kie.dmn.api.core.DMNRuntime;
import org.kie.dmn.core.internal.utils.DMNRuntimeBuilder;
import org.kie.internal.io.ResourceFactory;

/**
 * Measures Drools (kie-dmn-core), Camunda's feel-engine and dmn-scala on the models given as a
 * file: one line of JSON for each engine and row. Models are compiled and inputs made beforehand.
 */
public final class Bench {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static double seconds;

  public static void main(String[] args) throws Exception {
    seconds = Double.parseDouble(args[1]);
    for (JsonNode m : JSON.readTree(new File(args[0]))) {
      kie(m);
      if (m.get("name").asText().equals("expression")) camundaFeel(m);
      camundaDmn(m);
    }
    System.exit(0);
  }

  private static void kie(JsonNode m) throws Exception {
    DMNRuntime runtime = DMNRuntimeBuilder.fromDefaults().buildConfiguration()
        .fromResources(List.of(ResourceFactory.newReaderResource(new StringReader(m.get("dmn").asText()))))
        .getOrElseThrow(e -> new RuntimeException(e));
    DMNModel model = runtime.getModels().get(0);
    String decision = m.get("decision").asText();
    List<Map<String, Object>> inputs = inputs(m, true);
    report("Drools kie-dmn-core", "10.2.0", m, inputs.size(), i -> {
      DMNContext c = runtime.newContext();
      inputs.get(i).forEach(c::set);
      return runtime.evaluateByName(model, c, decision).getDecisionResultByName(decision).getResult();
    });
  }

  private static void camundaFeel(JsonNode m) {
    FeelEngineApi engine = FeelEngineBuilder.forJava().build();
    var parsed = engine.parseExpression(m.get("steps").get(0).get("text").asText()).parsedExpression();
    List<Map<String, Object>> inputs = inputs(m, false);
    report("Camunda feel-engine", "1.19.3", m, inputs.size(), i -> {
      var r = engine.evaluate(parsed, inputs.get(i));
      if (r.isFailure()) throw new RuntimeException(r.failure().toString());
      return r.result();
    });
  }

  private static void camundaDmn(JsonNode m) {
    DmnEngine engine = new DmnEngine.Builder().build();
    var result = engine.parse(new ByteArrayInputStream(m.get("dmn").asText().getBytes(StandardCharsets.UTF_8)));
    if (result.isLeft()) {
      throw new RuntimeException(result.left().get().toString());
    }
    ParsedDmn model = (ParsedDmn) result.toOption().get();
    List<Map<String, Object>> inputs = inputs(m, false);
    report("Camunda dmn-scala", "1.11.0", m, inputs.size(), i -> {
      var r = engine.eval(model, "d_" + m.get("decision").asText(), scala(inputs.get(i)));
      if (r.isLeft()) throw new RuntimeException(r.left().get().toString());
      Object v = r.toOption().get();
      return v instanceof DmnEngine.Result x ? x.value() : ((org.camunda.dmn.Audit.AuditLog) v);
    });
  }

  private static scala.collection.immutable.Map<String, Object> scala(Map<String, Object> in) {
    return scala.collection.immutable.Map.from(scala.jdk.javaapi.CollectionConverters.asScala(in));
  }

  private static List<Map<String, Object>> inputs(JsonNode m, boolean decimals) {
    List<Map<String, Object>> all = new ArrayList<>();
    for (JsonNode x : m.get("inputs")) {
      Map<String, Object> one = new HashMap<>();
      x.fields().forEachRemaining(f -> one.put(f.getKey(), f.getValue().isTextual() ? f.getValue().asText() : decimals ? (Object) f.getValue().decimalValue() : (Object) f.getValue().asInt()));
      all.add(one);
    }
    return all;
  }

  /** Warms up, takes the best of five rounds and prints the line. */
  private static void report(String engine, String version, JsonNode m, int n, IntFunction<Object> run) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("engine", engine);
    line.put("version", version);
    line.put("row", m.get("name").asText());
    List<Object> results = new ArrayList<>();
    for (int i = 0; i < n; i++) results.add(plain(run.apply(i)));
    round(run, n, 1.5 * seconds);
    double best = Double.MAX_VALUE;
    for (int i = 0; i < 5; i++) best = Math.min(best, round(run, n, 0.2 * seconds));
    if (engine.startsWith("Camunda")) line.put("note", "makes its built-in functions anew at each evaluation");
    line.put("ns_per_op", best);
    line.put("results", results);
    try {
      System.out.println(JSON.writeValueAsString(line));
    } catch (Exception e) {
      throw new RuntimeException(e);
    }
  }

  private static Object plain(Object v) {
    if (v instanceof scala.math.BigDecimal d) return d.bigDecimal();
    if (v instanceof scala.Some<?> s) return plain(s.get());
    return v instanceof Number d ? new BigDecimal(d.toString()) : v;
  }

  private static double round(IntFunction<Object> run, int n, double s) {
    long from = System.nanoTime(), count = 0;
    Object keep = null;
    do {
      for (int i = 0; i < n; i++) keep = run.apply(i);
      count += n;
    } while (System.nanoTime() - from < s * 1e9);
    if (keep == Bench.class) System.out.println();
    return (double) (System.nanoTime() - from) / count;
  }
}
