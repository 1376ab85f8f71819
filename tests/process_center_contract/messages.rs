//! What every operation says when it succeeds and when it fails.
//!
//! Owns: the table of messages. Never: sends anything.

/// One row: the operation, its message of success, and of failure.
pub const MESSAGES: [(&str, &str, &str); 38] = [
    ("getStartFormData", "获取表单成功", "获取表单失败"),
    ("getTaskFormData", "获取表单成功", "获取表单失败"),
    ("submitStartFormData", "提交表单成功", "提交表单失败"),
    ("submitTaskFormData", "提交表单成功", "提交表单失败"),
    ("saveFormData", "保存表单成功", "保存表单失败"),
    ("setVariables", "设置任务变量成功", "设置任务变量失败"),
    ("setVariablesLocal", "设置任务变量成功", "设置任务变量失败"),
    ("getVariables", "获取任务变量成功", "设置任务变量失败"),
    ("getVariablesLocal", "获取任务变量成功", "设置任务变量失败"),
    ("syncUser", "同步用户信息成功！", "同步用户信息失败！"),
    ("syncUserList", "同步用户信息成功！", "同步用户信息失败！"),
    (
        "syncGroup",
        "同步用户组（角色）信息成功！",
        "同步用户组（角色）信息失败！",
    ),
    (
        "syncGroupList",
        "同步用户组（角色）信息成功！",
        "同步用户组（角色）信息失败！",
    ),
    (
        "syncUserAndGroup",
        "同步用户、用户组（角色）信息成功！",
        "同步用户、用户组（角色）信息失败！",
    ),
    (
        "synUserAndGroupMembership",
        "同步用户与用户组（角色）关系成功！",
        "同步用户与用户组（角色）关系失败！",
    ),
    (
        "synUsersAndGroups",
        "同步用户、用户组（角色）关系和用户与用户组（角色）关系成功！",
        "同步用户、用户组（角色）关系和用户与用户组（角色）关系失败！",
    ),
    ("createPro", "创建流程成功", "创建流程失败"),
    ("createPro4bus", "创建流程成功", "创建流程失败"),
    ("listProcess", "流程实例列表查询成功！", ""),
    ("listAllProcessInstance", "获取所有流程实例成功！", ""),
    (
        "getProcessByProcessId",
        "获取流程实例成功！",
        "获取流程实例失败！",
    ),
    (
        "getProcessByTaskId",
        "获取流程实例成功！",
        "获取流程实例失败！",
    ),
    ("listHistory", "获取流程历史记录成功！", ""),
    ("deploymentProcess", "发布成功！", "发布流程失败！"),
    ("currentTask", "查询当前任务节点成功！", ""),
    ("listRunTask", "获取流程当前任务列表成功！", ""),
    ("getTaskById", "获取任务成功", "获取任务失败"),
    ("listTaskByProcessKey", "获取当前用户的任务成功！", ""),
    ("listTaskByUserId", "获取当前用户的任务成功！", ""),
    (
        "setAssigner",
        "设置任务处理人成功！",
        "设置任务处理人失败！",
    ),
    (
        "addCandidateUser",
        "设置任务候选处理人成功！",
        "设置任务候选处理人失败！",
    ),
    (
        "addCandidateUsers",
        "设置任务候选处理人列表成功！",
        "设置任务候选处理人列表失败！",
    ),
    (
        "addCandidateGroup",
        "设置任务候选用户组成功！",
        "设置任务候选用户组失败！",
    ),
    (
        "addCandidateGroups",
        "设置任务候选用户组列表成功！",
        "设置任务候选用户组列表失败！",
    ),
    (
        "getIdentityLinksForTask",
        "获取任务处理候选用户成功！",
        "获取任务处理候选用户失败！",
    ),
    ("complete", "任务已处理", "任务处理失败"),
    (
        "delegateTask",
        "任务委托成功",
        "任务委托失败，任务委托人不在候选人列表中。",
    ),
    ("resolveTask", "处理委托任务成功！", "处理委托任务失败！"),
];

/// Success and failure of an operation; none: its answer is no envelope.
pub fn of(operation: &str) -> Option<(&'static str, &'static str)> {
    MESSAGES
        .iter()
        .find(|(name, ..)| *name == operation)
        .map(|(_, success, failure)| (*success, *failure))
}
