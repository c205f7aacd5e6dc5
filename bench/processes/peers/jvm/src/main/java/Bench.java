import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import javax.sql.DataSource;

/**
 * Measures start, Java delegate, user task completed, end on one engine and one database: one line
 * of JSON for each number of clients. Arguments: camunda or flowable, JDBC address, clients (1,8,32),
 * seconds.
 */
public final class Bench {
  static final String PROCESS = """
      <?xml version="1.0" encoding="UTF-8"?>
      <definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:x="%s" targetNamespace="bench">
        <process id="round" isExecutable="true" %s>
          <startEvent id="start"/>
          <serviceTask id="service" x:class="%s"/>
          <userTask id="user"/>
          <endEvent id="done"/>
          <sequenceFlow id="f1" sourceRef="start" targetRef="service"/>
          <sequenceFlow id="f2" sourceRef="service" targetRef="user"/>
          <sequenceFlow id="f3" sourceRef="user" targetRef="done"/>
        </process>
      </definitions>
      """;

  public static class CamundaStep implements org.camunda.bpm.engine.delegate.JavaDelegate {
    @Override
    public void execute(org.camunda.bpm.engine.delegate.DelegateExecution x) {
      x.setVariable("paper", x.getVariable("size"));
    }
  }

  public static class FlowableStep implements org.flowable.engine.delegate.JavaDelegate {
    @Override
    public void execute(org.flowable.engine.delegate.DelegateExecution x) {
      x.setVariable("paper", x.getVariable("size"));
    }
  }

  public static void main(String[] args) throws Exception {
    Callable<Void> one = args[0].equals("camunda") ? camunda(pool(args[1])) : flowable(pool(args[1]));
    double seconds = Double.parseDouble(args[3]);
    run(one, 8, 10 * 1e9); // the JVM's warm-up
    for (String clients : args[2].split(",")) measure(one, Integer.parseInt(clients), seconds);
    System.exit(0);
  }

  private static DataSource pool(String url) {
    HikariConfig c = new HikariConfig();
    c.setJdbcUrl(url);
    c.setUsername(url.startsWith("jdbc:h2") ? "sa" : "passerelle");
    c.setMaximumPoolSize(32);
    c.setAutoCommit(false);
    return new HikariDataSource(c);
  }

  private static Callable<Void> camunda(DataSource d) {
    var config = new org.camunda.bpm.engine.impl.cfg.StandaloneProcessEngineConfiguration();
    config.setDataSource(d);
    config.setDatabaseSchemaUpdate("true");
    config.setHistory("audit");
    config.setJobExecutorActivate(false);
    config.setMetricsEnabled(false);
    config.setIdGenerator(new org.camunda.bpm.engine.impl.persistence.StrongUuidGenerator());
    var engine = config.buildProcessEngine();
    engine.getRepositoryService().createDeployment().addString("round.bpmn",
        PROCESS.formatted("http://camunda.org/schema/1.0/bpmn", "x:historyTimeToLive=\"P1D\"", CamundaStep.class.getName())).deploy();
    return () -> {
      var i = engine.getRuntimeService().startProcessInstanceByKey("round", Collections.singletonMap("size", 7));
      var t = engine.getTaskService().createTaskQuery().processInstanceId(i.getId()).singleResult();
      engine.getTaskService().complete(t.getId());
      return null;
    };
  }

  private static Callable<Void> flowable(DataSource d) {
    var config = new org.flowable.engine.impl.cfg.StandaloneProcessEngineConfiguration();
    config.setDataSource(d);
    config.setDatabaseSchemaUpdate("true");
    config.setHistory("audit");
    config.setAsyncExecutorActivate(false);
    config.setDisableIdmEngine(true);
    config.setDisableEventRegistry(true);
    var engine = config.buildProcessEngine();
    engine.getRepositoryService().createDeployment().addString("round.bpmn",
        PROCESS.formatted("http://flowable.org/bpmn", "", FlowableStep.class.getName())).deploy();
    return () -> {
      var i = engine.getRuntimeService().startProcessInstanceByKey("round", Collections.singletonMap("size", 7));
      var t = engine.getTaskService().createTaskQuery().processInstanceId(i.getId()).singleResult();
      engine.getTaskService().complete(t.getId());
      return null;
    };
  }

  private static void measure(Callable<Void> one, int clients, double seconds) throws Exception {
    run(one, clients, 2e9);
    long from = System.nanoTime();
    List<Long> all = run(one, clients, seconds * 1e9);
    double took = (System.nanoTime() - from) / 1e9;
    Collections.sort(all);
    System.out.println(String.format(Locale.ROOT, "{\"clients\":%d,\"instances_per_second\":%.1f,\"p50_ms\":%.2f,\"p99_ms\":%.2f}",
        clients, all.size() / took, all.get(all.size() / 2) / 1e6, all.get((int) (all.size() * 0.99)) / 1e6));
  }

  /** Runs one again and again in so many threads and returns how long each took, in nanoseconds. */
  private static List<Long> run(Callable<Void> one, int clients, double nanoseconds) throws Exception {
    List<Long> all = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    long until = System.nanoTime() + (long) nanoseconds;
    for (int k = 0; k < clients; k++) {
      Thread t = new Thread(() -> {
        for (long start; (start = System.nanoTime()) < until; all.add(System.nanoTime() - start)) {
          try {
            one.call();
          } catch (Exception e) {
            e.printStackTrace();
            System.exit(1);
          }
        }
      });
      t.start();
      threads.add(t);
    }
    for (Thread t : threads) t.join();
    return all;
  }
}
